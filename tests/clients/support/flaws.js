// What is wrong with a page, as far as a program can tell.

/** What is wrong with a page at its size. */
export function flaws(page) {
  return page.evaluate(() => {
    const found = [];
    if (document.documentElement.scrollWidth > window.innerWidth) found.push("it scrolls sideways");
    for (const field of document.querySelectorAll("input:not([type=hidden]):not([hidden])")) {
      if (field.labels.length === 0) found.push(`${field.name} has no label`);
    }
    for (const target of document.querySelectorAll(
      "button:not(.link), a.button, input[type=text]:not([hidden]), input[type=email], input[type=password]",
    )) {
      if (target.getBoundingClientRect().height < 44) found.push(`${target.textContent || target.name} is hard to hit`);
    }
    if (!document.title || !document.documentElement.lang) found.push("it has no title or no language");
    if (document.querySelectorAll("h1").length !== 1) found.push("it has not one heading");
    return found;
  });
}
