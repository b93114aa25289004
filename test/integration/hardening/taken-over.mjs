// What a child may say that is no message of ours: Node's own word for a handle that has arrived, then one that shows that it still speaks.
process.send({ cmd: "NODE_HANDLE_ACK" });
process.send({ cmd: "NODE_HANDLE" });
process.send("said");
setInterval(() => {}, 1000);
