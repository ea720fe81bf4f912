// The storage of `createOAuthSessions` in this process's memory: for trials, since it ends with the process.
// const storage = fromKeyValue(memoryStore());

/** What has an end is forgotten when it is asked for, and all that is over now and then. */
export function memoryStore(clock: () => number = Date.now) {
  const rows = new Map<string, { value: string; until: number }>();
  const removeExpired = () => {
    for (const [key, { until }] of rows) if (until <= clock()) rows.delete(key);
  };
  return {
    get: (key: string) => {
      const row = rows.get(key);
      return row && row.until > clock() ? row.value : undefined;
    },
    set: (key: string, value: string, ttl?: number) => {
      if (rows.size % 1000 === 999) removeExpired();
      rows.set(key, { value, until: ttl === undefined ? Number.POSITIVE_INFINITY : clock() + ttl * 1000 });
    },
    delete: (key: string) => rows.delete(key),
    removeExpired,
    size: () => rows.size,
  };
}
