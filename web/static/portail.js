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
  const lost = () => say("Connexion perdue, reprise…");
  const clear = () => say("");
  addEventListener("offline", lost);
  addEventListener("online", clear);
  document.addEventListener("htmx-error", (event) => {
    if (event.detail.ctx?.response) return;
    lost();
  });
  document.addEventListener("htmx-sse-error", lost);
  document.addEventListener("htmx-sse-after-connection", clear);
  document.addEventListener("htmx-after-request", (event) => {
    if (event.detail.ctx.response.status < 500) clear();
  });
  document.addEventListener("htmx-response-error", (event) => {
    if (event.detail.ctx.response.status >= 500) {
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
