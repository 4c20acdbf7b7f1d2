// What HTML cannot do alone. Every page works without this file.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);

  // Ctrl+K goes to the go-to box (and opens the menu that holds it on a narrow screen).
  document.addEventListener("keydown", (event) => {
    const box = one("[data-goto]");
    if (box && (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!box.checkVisibility?.({ contentVisibilityAuto: true, visibilityProperty: true })) box.closest("details").open = true;
      box.focus();
      box.select();
    }
    const account = one(".account[open]");
    if (account && event.key === "Escape") {
      account.open = false;
      one("summary", account).focus();
    }
  });

  // The banner of a lost connection or of an unexpected answer.
  const say = (text) => {
    const banner = one("#banniere");
    banner.hidden = !text;
    banner.textContent = text;
  };
  const lost = () => say("Connexion perdue, reprise en cours…");
  const clear = () => say("");
  addEventListener("offline", lost);
  addEventListener("online", clear);
  document.addEventListener("htmx-error", (event) => {
    if (event.detail.ctx?.response || event.target.id === "direct") return;
    lost();
  });
  document.addEventListener("htmx-after-request", (event) => {
    if (event.detail.ctx.response.status < 500) clear();
  });
  document.addEventListener("htmx-response-error", (event) => {
    if (event.detail.ctx.response.status >= 500 && event.target.id !== "direct") {
      say("Le portail n'a pas pu répondre. Votre saisie est toujours là : réessayez dans un instant.");
    }
  });

  // The error summary or the success message takes the focus, on arrival and after a swap.
  // once: a later refresh of a panel must not take it again.
  const focusMessage = () => {
    const message = one("[data-focus]");
    if (!message) return;
    message.removeAttribute("data-focus");
    message.focus();
  };
  document.addEventListener("htmx-after-swap", () => {
    focusMessage();
    const announcement = one("[data-annonce]");
    if (announcement) one("#annonces").textContent = announcement.dataset.annonce;
  });
  document.addEventListener("DOMContentLoaded", focusMessage);

  // Live panels. The server says that something has changed, never what: each panel asks again for
  // itself. Only a page with a panel listens, and only while somebody can see it.
  const source = one("#direct");
  const live = { opening: false, open: false, missed: false, over: false, failures: 0, alarm: 0 };
  const rowsOf = (panel) =>
    [...panel.querySelectorAll("tbody > tr, .tasks > li, .cards > *, .timeline > li")].map(textOf);
  const textOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

  const connect = () => {
    if (!source || live.opening || live.open || live.over) return;
    if (document.hidden || !one("[data-live]")) return;
    live.opening = true;
    htmx.trigger(source, "portail-connexion");
  };
  const retry = () => {
    live.opening = live.open = false;
    live.failures += 1;
    setTimeout(connect, Math.min(15000, 1000 * 2 ** live.failures) * (0.5 + Math.random() / 2));
  };
  const alarm = () => {
    live.missed = true;
    live.alarm ||= setTimeout(lost, 1500); // a short cut is nobody's business
  };
  if (source) {
    source.addEventListener("htmx-sse-after-connection", (event) => {
      if (event.detail.connection.status !== 200) return;
      clearTimeout(live.alarm);
      if (live.missed) {
        clear();
        htmx.trigger(source, "portail-maj");
      }
      Object.assign(live, { opening: false, open: true, missed: false, failures: 0, alarm: 0 });
      // hidden while it was opening: tell the extension, which listened too late to know
      if (document.hidden) setTimeout(() => document.dispatchEvent(new Event("visibilitychange")));
    });
    source.addEventListener("htmx-sse-before-connection", (event) => {
      if (live.over) event.preventDefault();
    });
    source.addEventListener("htmx-sse-error", (event) => {
      if (event.detail.status === 401) end();
      else alarm();
    });
    source.addEventListener("htmx-sse-close", retry);
    source.addEventListener("htmx-response-error", (event) => {
      if (event.detail.ctx.response.status === 401) end();
    });
    source.addEventListener("htmx-finally-request", () => {
      if (live.open || live.over) return;
      alarm();
      retry();
    });
    // the server may have been silent for a while: everybody asks again, but not all at once
    source.addEventListener("portail-reprise", () => {
      setTimeout(() => htmx.trigger(source, "portail-maj"), 3000 * Math.random());
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) live.missed = true;
      else connect();
    });
    // htmx may have read the page before its extension had arrived: have it read this element again
    document.addEventListener("DOMContentLoaded", () =>
      setTimeout(() => {
        htmx.process(source, true);
        connect();
      }),
    );
  }
  const end = () => {
    live.over = true;
    clearTimeout(live.alarm);
    say("Votre session est terminée. Rechargez la page pour vous reconnecter : rien de ce qui est enregistré n'est perdu.");
  };

  // What is being read never moves: a list that has changed waits for a click, and so does anything
  // that holds the focus or an opened detail.
  document.addEventListener("htmx-before-swap", (event) => {
    const panel = event.detail.ctx.sourceElement;
    if (!panel?.dataset?.live || panel.dataset.shown) return;
    const fresh = new DOMParser().parseFromString(event.detail.ctx.text, "text/html").getElementById(panel.id);
    const [before, after] = [panel, fresh].map((one) => one?.querySelector(".live-body"));
    if (!after || textOf(before) === textOf(after)) {
      event.preventDefault();
      return;
    }
    const read = rowsOf(before);
    const isHeld = panel.contains(document.activeElement) || one("details[open]", before);
    if (!isHeld && (panel.dataset.live !== "liste" || !read.length)) return;
    event.preventDefault();
    const news = rowsOf(after).filter((row) => !read.includes(row)).length;
    offer(panel, news ? `${news} nouveauté${news > 1 ? "s" : ""}` : "Cette partie de la page a changé");
  });
  const offer = (panel, words) => {
    const line = one(".news", panel);
    one("button", line).textContent = `${words} — afficher`;
    line.hidden = false;
    one("#annonces").textContent = words;
  };
  document.addEventListener("click", (event) => {
    const panel = event.target.closest("[data-afficher]")?.closest("[data-live]");
    if (!panel) return;
    panel.dataset.shown = "1";
    htmx.trigger(panel, "portail-afficher");
  });
  document.addEventListener("htmx-after-swap", (event) => {
    const panel = event.detail.ctx.sourceElement;
    if (!panel?.dataset?.live) return;
    delete panel.dataset.shown;
    // the button that was pressed has gone: go on from the panel
    if (document.activeElement === document.body || document.activeElement.closest("[hidden]")) panel.focus({ preventScroll: true });
  });

  // A plain form is sent once; the page that comes back from the cache may send again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 10000);
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // A link to a page of verification opens its dialog instead.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-dialog]");
    const dialog = link && document.getElementById(link.dataset.dialog);
    if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    dialog.showModal();
  });
})();
