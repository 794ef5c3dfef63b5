/** UUIDs of version 7 (RFC 9562): their order as text is the order in which events happened. */

let last = 0;

/** Epoch milliseconds in an id. */
export const timeOf = (id: string): number => parseInt(id.replace("-", "").slice(0, 12), 16) || 0;

/** Let every later id sort after this one, even if the clock was set back since. */
export const follow = (id: string): void => {
  last = Math.max(last, timeOf(id));
};

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, "0");

/** 48 bits of milliseconds, 72 of chance; the variant's free bits stay 0. */
export function uuid7(): string {
  last = Math.max(Date.now(), last + 1);
  const chance = Array.from(crypto.getRandomValues(new Uint8Array(9)), (n) => hex(n, 2)).join("");
  return (hex(last, 12) + chance).replace(/(.{8})(.{4})(.{3})(.{3})/, "$1-$2-7$3-8$4-");
}
