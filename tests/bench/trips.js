// Storage round trips of each operation.
import { claviger, Counted } from "./claviger.js";

/** `[operation, trips]` pairs. */
export async function trips() {
  const store = new Counted();
  const { auth, code, fetch } = await claviger("jwt", store);
  const counted = async (operation) => {
    store.trips = 0;
    return [await operation(), store.trips];
  };
  const first = await code();
  const [issued, redeeming] = await counted(() => fetch.redeem(first));
  const [refreshed, refreshing] = await counted(() => fetch.refresh(issued.refresh_token));
  const [, introspecting] = await counted(() => fetch.introspect(refreshed.refresh_token));
  // The key set is read at most once a minute.
  await auth.tokens.verify(refreshed.access_token);
  const [, verifying] = await counted(() => auth.tokens.verify(refreshed.access_token));
  const [, revoking] = await counted(() => fetch.revoke(refreshed.refresh_token));
  return [
    ["code exchange", redeeming],
    ["refresh", refreshing],
    ["introspection", introspecting],
    ["revocation", revoking],
    ["verification of a JWT access token", verifying],
  ];
}
