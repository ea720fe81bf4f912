// A person at a browser without scripts: it keeps cookies, follows redirects, and fills in forms by what their fields are.

/** More steps than this lead nowhere. */
const mostSteps = 12;

/** What a person says at each page that asks. */
const decisions = { consent: "allow", "sign-out": "sign_out" };

/** By what a page is known. */
const marks = {
  "sign-in": 'type="password"',
  consent: `name="decision" value="${decisions.consent}"`,
  "sign-out": `name="decision" value="${decisions["sign-out"]}"`,
  "form-post": 'name="iss"',
};

export class Person {
  #credentials;
  #cookies = new Map();

  constructor(credentials) {
    this.#credentials = credentials;
  }

  /**
   * Goes to an address of the server, through its pages, until the browser is sent away from it (`arrived`, with what it posts
   * there as `posted`) or somebody has to read a page (`page`). `seen` are the pages that asked for something, in order.
   */
  async visit(address, { form } = {}) {
    const { origin } = new URL(address);
    const seen = [];
    let next = { address, form };
    for (let step = 0; step < mostSteps; step++) {
      const response = await this.#send(next, origin);
      const location = response.headers.get("location");
      if (location) {
        const to = new URL(location, next.address);
        if (to.origin !== origin) return { seen, arrived: to };
        next = { address: to };
        continue;
      }
      const page = { status: response.status, text: await response.text() };
      const asked = page.status === 200 && asking(page.text);
      if (!asked) return { seen, page };
      const to = new URL(asked.form.action, next.address);
      if (to.origin !== origin) return { seen, arrived: to, posted: new URLSearchParams(asked.form.fields) };
      seen.push({ ...page, name: asked.name });
      next = { address: to, form: this.#filledIn(asked) };
    }
    throw new Error(`still at ${next.address} after ${mostSteps} steps`);
  }

  #filledIn({ name, form }) {
    const filled = new URLSearchParams(form.fields);
    const entered = name === "sign-in" ? this.#credentials : { decision: decisions[name] };
    for (const [field, value] of Object.entries(entered)) filled.set(field, value);
    return filled;
  }

  async #send({ address, form }, origin) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...(cookie && { cookie }), ...(form && { origin }) };
    const method = form ? "POST" : "GET";
    const response = await fetch(address, { method, body: form, headers, redirect: "manual" });
    for (const text of response.headers.getSetCookie()) this.#keep(text);
    return response;
  }

  #keep(text) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
    if (/max-age=0\b/i.test(text)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

/** What a page wants, with its form: a password, or a yes. */
function asking(html) {
  const forms = [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, start, inside]) => ({ start, inside }));
  for (const [name, mark] of Object.entries(marks)) {
    const found = forms.find(({ inside }) => inside.includes(mark));
    if (found) return { name, form: read(found) };
  }
  return undefined;
}

function read({ start, inside }) {
  const inputs = [...inside.matchAll(/<input([^>]*)>/g)].map(([, attributes]) => attributes);
  const fields = inputs.map((attributes) => [attribute(attributes, "name"), attribute(attributes, "value") ?? ""]);
  return { action: attribute(start, "action"), fields };
}

function attribute(attributes, name) {
  const [, value] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? [];
  return value?.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
