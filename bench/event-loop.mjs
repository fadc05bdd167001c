/** Runs `work`, and tells the longest time in milliseconds that the event loop did not get round meanwhile. */
export async function longestStall(work) {
  let last = performance.now();
  let longest = 0;
  let over = false;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(() => setTimeout(turn, 0));
  };
  turn();
  await work();
  over = true;
  return Math.max(longest, performance.now() - last);
}
