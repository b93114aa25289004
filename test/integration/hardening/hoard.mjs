// Takes memory that no isolate's limit counts, until it gets none. Plain JavaScript: without a compiler Node takes no types off.
const held = [];
process.on("message", () => {
  try {
    for (;;) held.push(Buffer.alloc(16 * 1024 * 1024, 1));
  } catch (error) {
    process.send?.(String(error));
  }
});
process.send?.("ready");
