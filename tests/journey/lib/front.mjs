// What stands in front of several replicas, as a Kubernetes Service does: each connection goes to the next one that answers.
import { connect, createServer } from 'node:net';

export class Front {
  // `targets()` gives the ports of the replicas that may be asked, at the time of each connection.
  constructor(targets) {
    Object.assign(this, { targets, turn: 0, sockets: new Set() });
    this.server = createServer((client) => {
      this.keep_(client);
      this.join_(client, this.targets().length);
    });
  }
  listen() {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', () => resolve((this.port = this.server.address().port))));
  }
  keep_(socket) {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
  join_(client, tries) {
    const ports = this.targets();
    if (tries === 0 || ports.length === 0) { client.destroy(); return; }
    const server = connect(ports[this.turn++ % ports.length], '127.0.0.1');
    let joined = false;
    this.keep_(server);
    server.on('connect', () => {
      joined = true;
      client.pipe(server).pipe(client);
    });
    server.on('close', () => (joined ? client.destroy() : this.join_(client, tries - 1)));
    client.on('close', () => server.destroy());
  }
  close() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
