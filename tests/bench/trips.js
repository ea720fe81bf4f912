// Storage round trips of each operation.
import { Counted, claviger, provider } from "./claviger.js";
import { acting, presenting, redemption, refreshing, succeeded } from "./client.js";

/** `[operation, trips]` pairs. */
export async function trips() {
  const store = new Counted();
  const { auth, code, fetch } = await claviger("jwt", store, provider);
  const counted = async (operation) => {
    store.trips = 0;
    return [await operation(), store.trips];
  };
  const redeem = redemption(await code());
  const [issued, redeeming] = await counted(() => fetch.token(redeem));
  const refresh = refreshing(JSON.parse(issued).refresh_token);
  const [refreshed, rotating] = await counted(() => fetch.token(refresh));
  const { access_token, refresh_token } = JSON.parse(refreshed);
  const [, introspecting] = await counted(() => fetch.introspect(presenting(refresh_token)));
  // The key set is read at most once a minute.
  await auth.tokens.verify(access_token);
  const [, verifying] = await counted(() => auth.tokens.verify(access_token));
  const [, checking] = await counted(() => auth.tokens.verify(access_token, { revocation: "check" }));
  const bearer = { headers: { authorization: `Bearer ${access_token}` } };
  const [told, telling] = await counted(() => auth.fetch(new Request("https://auth.example.com/userinfo", bearer)));
  succeeded(told.status, await told.text());
  const [, acted] = await counted(() => fetch.token(acting()));
  const [, revoking] = await counted(() => fetch.revoke(presenting(refresh_token)));
  return [
    ["code exchange, with an id_token", redeeming],
    ["refresh", rotating],
    ["introspection", introspecting],
    ["revocation", revoking],
    ["verification of a JWT access token", verifying],
    ["the same, refused when it was revoked", checking],
    ["userinfo", telling],
    ["client_credentials with a JWT access token", acted],
  ];
}
