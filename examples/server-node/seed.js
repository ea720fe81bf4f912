const login = "ada";
const clientId = "demo";
const redirectUri = "http://127.0.0.1:8090/callback";

/** Makes the user and the client, unless they are there. Returns what a person must know to use them. */
export async function seed(auth, password) {
  const account = await auth.accounts.find({ login });
  if (account) await auth.accounts.setPassword(account.id, password);
  else await auth.accounts.create({ login, password, name: "Ada Lovelace" });

  if (!(await auth.clients.find(clientId))) {
    await auth.clients.create({
      id: clientId,
      name: "Sample application",
      redirectUris: [redirectUri],
      scopes: ["read", "write"],
      authMethod: "none",
    });
  }
  return { login, password, clientId, redirectUri };
}
