// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Worker } from 'node:worker_threads'
import { type WorkerModule, startWorker } from '../../start-worker'
import type { Peer } from './peer'

export function startThreadPeer(module: WorkerModule, workerData: unknown): Peer {
  return new ThreadPeer(startWorker(module, { workerData }))
}

class ThreadPeer implements Peer {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  post(message: unknown, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on('message', listener)
  }

  onEnd(listener: (message: string, cause?: Error) => void): void {
    this.#worker.on('error', (error: Error) => listener(error.message, error))
    this.#worker.on('exit', (code) => listener(`it ended with code ${code}`))
  }

  ref(): void {
    this.#worker.ref()
  }

  unref(): void {
    this.#worker.unref()
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
