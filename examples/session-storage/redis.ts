// The storage of `createOAuthSessions` in Redis, which forgets by itself what has an end (SETEX).
// const storage = fromKeyValue(redisStore(await createClient().connect()), { prefix: "oauth:" });

/** What is used of the npm package `redis`. */
export interface Redis {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<unknown>;
  setEx(key: string, seconds: number, value: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
}

export function redisStore(redis: Redis) {
  return {
    get: (key: string) => redis.get(key),
    set: (key: string, value: string, ttl?: number) =>
      ttl === undefined ? redis.set(key, value) : redis.setEx(key, ttl, value),
    delete: (key: string) => redis.del(key),
  };
}
