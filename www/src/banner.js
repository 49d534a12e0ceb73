import { find, h } from "./dom.js";

/** What remedies name, and the page's address with it. */
const ON_CPU = "?backend=cpu";

/** Shows one failure: what happened, where, what to do; `action` is an optional `{label, run}`. */
export function showError(error, action = null) {
  const dismiss = h(
    "button",
    { type: "button", className: "quiet", "aria-label": "Dismiss", onclick: clearError },
    "✕",
  );
  const act =
    action &&
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          clearError();
          action.run();
        },
      },
      action.label,
    );
  const processor = error.remedy?.includes(ON_CPU)
    ? h("a", { href: ON_CPU }, "Reload to run on the CPU")
    : null;
  find("#banner").replaceChildren(
    h(
      "div",
      { className: "error", "data-kind": error.kind ?? "page" },
      h(
        "p",
        {},
        h("b", {}, error.message),
        error.place ? h("code", {}, error.place) : null,
        error.remedy ? h("span", {}, error.remedy) : null,
        processor,
      ),
      act,
      dismiss,
    ),
  );
}

export function clearError() {
  const banner = find("#banner");
  const focused = banner.contains(document.activeElement);
  banner.replaceChildren();
  // The button that had the keyboard's focus is gone.
  if (focused) find("#stage")?.focus({ preventScroll: true });
}
