const running = new Map<string, Promise<unknown>>();

/**
 * Does something while nobody else does anything under the same name: in no tab of this origin where the runtime has Web Locks, in
 * this program otherwise.
 */
export async function alone<T>(name: string, act: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (locks) return (await locks.request(name, act)) as T;
  const before = running.get(name);
  const mine = Promise.resolve(before)
    .catch(() => {})
    .then(act);
  running.set(name, mine);
  try {
    return await mine;
  } finally {
    if (running.get(name) === mine) running.delete(name);
  }
}
