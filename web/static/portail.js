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

  // Single-letter keys of a list with choices; a box switches them off (WCAG 2.1.4).
  const KEYS = "portail-raccourcis";
  const active = () => localStorage.getItem(KEYS) !== "non";
  const help = () => {
    const shown = one("[data-raccourcis-aide]");
    if (!shown) return;
    shown.hidden = false;
    one("[data-raccourcis-actifs]", shown).checked = active();
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-raccourcis-actifs]")) localStorage.setItem(KEYS, event.target.checked ? "oui" : "non");
  });
  document.addEventListener("keydown", (event) => {
    const list = one("[data-raccourcis]");
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (!list || typing || event.ctrlKey || event.metaKey || event.altKey || !active()) return;
    const links = [...list.querySelectorAll("tbody th a")];
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const step = { j: 1, k: -1 }[event.key];
    if (step) links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
    else if (event.key === "x" && at >= 0) one("input[type=checkbox]", links[at].closest("tr"))?.click();
    else return;
    event.preventDefault();
  });
  help();
  document.addEventListener("htmx-after-swap", help);

  // The banner of a lost connection or of an unexpected answer.
  const say = (text) => {
    const banner = one("#banniere");
    banner.hidden = !text;
    banner.textContent = text;
  };
  const lost = () => say("Connexion perdue, reprise en cours…");
  const clear = () => say("");
  addEventListener("offline", lost);
  addEventListener("online", () => {
    clear();
    askAgain(); // an answer may have been lost although the stream went on
  });
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
  document.addEventListener("htmx-after-swap", (event) => {
    const asker = event.detail.ctx.sourceElement;
    if (asker?.id === "cloche") return; // it speaks for itself, below
    focusMessage();
    const announcement = one("[data-annonce]");
    if (announcement) one("#annonces").textContent = announcement.dataset.annonce;
  });
  document.addEventListener("DOMContentLoaded", focusMessage);

  // Live panels. The server says that something has changed, never what: each panel asks again for
  // itself, and so does the bell of the header. A page listens only while somebody can see it.
  const source = one("#direct");
  const live = { opening: false, open: false, missed: false, over: false, failures: 0, alarm: 0 };
  const rowsOf = (panel) =>
    [...panel.querySelectorAll("tbody > tr, .tasks > li, .cards > *, .timeline > li")].map(textOf);
  const textOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

  const askAgain = () => {
    if (source) ["portail-maj", "notifications"].forEach((name) => htmx.trigger(source, name));
  };
  const connect = () => {
    if (!source || live.opening || live.open || live.over) return;
    if (document.hidden) return;
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
      if (live.missed) clear(); // the server says whether anything happened since this page was read
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
      setTimeout(askAgain, 3000 * Math.random());
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
    say("Votre session est terminée. Reconnectez-vous dans un autre onglet, puis revenez : votre saisie est toujours sur cette page.");
  };

  // The bell: what it counts is told when there is more of it, and the focus stays where it is.
  const unread = () => Number(one("#cloche .bell-count")?.textContent ?? 0);
  let counted = unread();
  document.addEventListener("htmx-after-swap", (event) => {
    if (event.detail.ctx.sourceElement?.id !== "cloche") return;
    const before = counted;
    counted = unread();
    if (counted > before) one("#annonces").textContent = `Notifications : ${counted} non lue${counted > 1 ? "s" : ""}`;
  });

  // The end of the session (RGAA 13.1): said some minutes before, put off by one button. The form
  // that is being filled in is not touched. What other pages did is asked first: they prolong too.
  const session = one("#session");
  const ending = { timer: 0, dueAt: 0, back: null };
  const minutes = (seconds) => `${Math.max(1, Math.ceil(seconds / 60))} minute${seconds > 60 ? "s" : ""}`;
  const inspect = async (method = "GET") => {
    const headers = { Accept: "application/json", "Portail-Direct": "1" };
    const answer = await fetch("/session/prolonger", { method, headers });
    if (answer.status === 200) return answer.json();
    if (answer.status >= 500) throw new Error("unavailable");
    return null;
  };
  const lookIn = (seconds) => {
    clearTimeout(ending.timer);
    ending.dueAt = Date.now() + 1000 * seconds;
    ending.timer = setTimeout(look, 1000 * Math.max(1, seconds));
  };
  const hideEnding = () => {
    const held = session.contains(document.activeElement);
    session.hidden = true;
    if (held) (ending.back?.isConnected ? ending.back : one("#contenu")).focus({ preventScroll: true });
  };
  const showEnding = (left) => {
    const words = left.is_last
      ? `Votre session se ferme dans ${minutes(left.seconds)}, douze heures après votre connexion. Envoyez votre saisie, ou reconnectez-vous dans un autre onglet : elle restera sur cette page.`
      : `Sans activité, votre session se ferme dans ${minutes(left.seconds)}. Votre saisie reste sur cette page.`;
    one("form", session).hidden = left.is_last;
    session.hidden = false;
    one("p", session).textContent = words;
    lookIn(left.seconds + 1);
  };
  const follow = (left) => {
    if (!left) {
      hideEnding();
      end();
    } else if (left.seconds > left.warning_seconds) {
      hideEnding();
      if (live.over) {
        live.over = false;
        clear();
        connect();
      }
      lookIn(left.seconds - left.warning_seconds);
    } else showEnding(left);
  };
  // nobody looks at a hidden tab, and nothing is asked for it
  const look = async () => {
    if (document.hidden) return;
    try {
      follow(await inspect());
    } catch {
      lookIn(30);
    }
  };
  if (session) {
    lookIn(session.dataset.reste - session.dataset.avis);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && (live.over || Date.now() >= ending.dueAt)) look();
    });
    session.addEventListener("focusin", (event) => {
      if (!session.contains(event.relatedTarget)) ending.back = event.relatedTarget;
    });
    one("form", session).addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const left = await inspect("POST");
        follow(left);
        if (left) one("#annonces").textContent = "Session prolongée.";
      } catch {
        lost();
      }
    });
  }

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
