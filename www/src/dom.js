/** Makes an element: properties by name, `data-*`/`aria-*`/`role` as attributes, children appended. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") {
      for (const [property, text] of Object.entries(value))
        element.style.setProperty(property, text);
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name in element && !name.startsWith("aria")) {
      element[name] = value;
    } else if (value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The one element that a selector names. */
export function find(selector) {
  return document.querySelector(selector);
}

/** Replaces what an element holds; the keyboard's focus, if it was in there, goes on to the new heading. */
export function refill(element, ...children) {
  const focused = element.contains(document.activeElement);
  element.replaceChildren(...children);
  const heading = focused && element.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** Says something to screen readers without moving the focus. */
export function announce(text) {
  find("#announce").textContent = text;
}

/** Hands bytes or text to the reader as a file. */
export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
