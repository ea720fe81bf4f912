// A person at a browser without scripts: it keeps cookies, follows redirects, and fills in forms by what their fields are.

/** More steps than this lead nowhere. */
const mostSteps = 12;

export class Person {
  #credentials;
  #cookies = new Map();

  constructor(credentials) {
    this.#credentials = credentials;
  }

  /**
   * Goes to an address of the server, through its pages, until the browser is sent away from it (`arrived`) or somebody has to
   * read a page (`page`). `seen` are the pages that asked for something, in order.
   */
  async visit(address, { form, decision = "allow" } = {}) {
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
      const page = { status: response.status, text: await response.text(), address: String(next.address) };
      const asked = page.status === 200 && asking(page.text);
      if (!asked) return { seen, page };
      seen.push({ ...page, name: asked.name });
      next = this.#answer(asked, page, decision);
    }
    throw new Error(`still at ${next.address} after ${mostSteps} steps`);
  }

  #answer({ name, form }, page, decision) {
    const filled = new URLSearchParams(form.fields);
    if (name === "sign-in") {
      filled.set("login", this.#credentials.login);
      filled.set("password", this.#credentials.password);
    } else {
      filled.set("decision", decision);
    }
    return { address: new URL(form.action, page.address), form: filled };
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

/** What a page wants: the form for a password, or the one with the choice to allow. */
function asking(html) {
  const forms = [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, start, inside]) => ({ start, inside }));
  const signIn = forms.find(({ inside }) => /type="password"/.test(inside));
  const consent = forms.find(({ inside }) => /name="decision" value="allow"/.test(inside));
  const found = signIn ?? consent;
  return found && { name: signIn ? "sign-in" : "consent", form: read(found) };
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
