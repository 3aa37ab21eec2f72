// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Stands between a client and a real server, in a process of its own, and spoils what
// passes as it is told: so a real store is slow, hangs, breaks off or is not there.

import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** `pass` is no fault. */
export const FAULTS = ['down', 'hang', 'reset', 'slow']

const SLOW_MILLIS = 500

/** Starts it before the server of that URL. `become(mode)` resolves when it is so. */
export async function startFaultProxy(serverUrl) {
  const { hostname, port } = new URL(serverUrl)
  const child = fork(fileURLToPath(import.meta.url), ['serve', hostname, port])
  const [ownPort] = await once(child, 'message')
  const become = async (mode) => {
    child.send(mode)
    await once(child, 'message')
  }
  return { url: `http://127.0.0.1:${ownPort}`, become, stop: () => child.kill() }
}

function serve(host, port) {
  let mode = 'pass'
  const modes = new EventEmitter().setMaxListeners(0)
  const sockets = new Set()

  async function* spoiled(source) {
    for await (const chunk of source) {
      while (mode === 'hang') await once(modes, 'change')
      if (mode === 'slow') await sleep(SLOW_MILLIS)
      yield chunk
    }
  }

  const server = createServer((client) => {
    if (mode === 'down' || mode === 'reset') return client.resetAndDestroy()
    const upstream = connect({ host, port })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    const both = [pipeline(client, spoiled, upstream), pipeline(upstream, spoiled, client)]
    // What breaks off here is what this is for.
    Promise.all(both).catch(() => [client, upstream].forEach((socket) => socket.destroy()))
  })
  process.on('message', (next) => {
    mode = next
    modes.emit('change')
    if (mode === 'down' || mode === 'reset') {
      for (const socket of sockets) socket.resetAndDestroy()
    }
    process.send('changed')
  })
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

if (process.argv[2] === 'serve') serve(process.argv[3], Number(process.argv[4]))
