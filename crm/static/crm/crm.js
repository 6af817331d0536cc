// Keyboard first: "/" searches, arrows walk the results, a letter starts the action that shows it.
(() => {
  const typing = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable;
  const box = () => document.querySelector("#q");
  const links = () => [...document.querySelectorAll("#found a[href]")];
  const dialog = () => document.querySelector("#dialog");

  const walk = (event) => {
    const found = links();
    const at = found.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && (at >= 0 || document.activeElement === box())) {
      event.preventDefault();
      (found[at + 1] || found[at])?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (found[at - 1] || box()).focus();
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog()?.open) return;
    walk(event);
    if (typing(document.activeElement)) return;
    if (event.key === "/" || event.key === ".") {
      event.preventDefault();
      box()?.focus();
      box()?.select();
      return;
    }
    const action = document.querySelector(`[data-key="${CSS.escape(event.code)}"]`);
    if (action) {
      event.preventDefault();
      action.click();
    }
  });

  // Forms arrive in the dialog; a plain page is served to who has no JavaScript.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "dialog") return;
    if (!dialog().open) dialog().showModal();
    dialog().querySelector("[aria-invalid=true], [autofocus], input:not([type=hidden]), select, textarea")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && dialog()?.open) {
      event.preventDefault();
      dialog().close();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  // A form is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("button.main");
    if (event.target.method === "post" && button) setTimeout(() => { button.disabled = true; }, 0);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const button = event.target.querySelector?.("button.main");
    if (button) button.disabled = false;
  });
})();
