// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SPAN_SEMANTICS, membersOf } from './stored-tables'

type SemanticColumn = keyof typeof SPAN_SEMANTICS

/**
 * The attributes that fill a column, the one that is preferred first: newer names of the
 * semantic conventions before older ones.
 */
export const SEMANTIC_ATTRIBUTES: Readonly<Record<SemanticColumn, readonly string[]>> =
  Object.freeze({
    http_request_method: ['http.request.method', 'http.method'],
    http_response_status_code: ['http.response.status_code', 'http.status_code'],
    http_route: ['http.route'],
    url_path: ['url.path', 'http.target'],
    url_full: ['url.full', 'http.url'],
    server_address: ['server.address', 'net.peer.name', 'net.host.name', 'http.host'],
    server_port: ['server.port', 'net.peer.port', 'net.host.port'],
    peer_service: ['peer.service', 'service.peer.name'],
    db_system: ['db.system.name', 'db.system'],
    db_namespace: ['db.namespace', 'db.name'],
    db_operation: ['db.operation.name', 'db.operation'],
    db_statement: ['db.query.text', 'db.statement'],
    rpc_system: ['rpc.system.name', 'rpc.system'],
    rpc_service: ['rpc.service'],
    rpc_method: ['rpc.method'],
    messaging_system: ['messaging.system'],
    messaging_destination: ['messaging.destination.name', 'messaging.destination'],
    error_type: ['error.type'],
  })

interface SemanticSlot {
  readonly index: number
  /** 0 is the name that is preferred. */
  readonly rank: number
}

const COLUMNS = Object.keys(SPAN_SEMANTICS) as SemanticColumn[]
const SLOTS: ReadonlyMap<string, SemanticSlot> = new Map(
  COLUMNS.flatMap((column, index) =>
    SEMANTIC_ATTRIBUTES[column].map((name, rank) => [name, { index, rank }] as const),
  ),
)

/** Behind any rank; Infinity would be no small integer, and the list slower. */
const UNSEEN = 1_000

/** Finds, attribute by attribute, what goes into the columns of a row. One for all rows. */
export class SemanticColumns {
  readonly #members = COLUMNS.map((column) => membersOf('spans')[column])
  readonly #isInteger = COLUMNS.map((column) => SPAN_SEMANTICS[column] === 'INTEGER')
  readonly #texts: string[] = COLUMNS.map(() => '')
  readonly #ranks: number[] = COLUMNS.map(() => UNSEEN)
  readonly #touched: number[] = COLUMNS.map(() => 0)
  #touchedCount = 0

  /** An attribute of the row at hand; `text` is its value as JSON. */
  see(name: string, value: unknown, text: string): void {
    const slot = SLOTS.get(name)
    if (slot === undefined) return
    const { index, rank } = slot
    if (rank >= this.#ranks[index] || value === null || value === undefined) return
    // A column of integers refuses all else, and with it the rows around it.
    const shown = this.#isInteger[index] ? integerText(value) : text
    if (shown === undefined) return
    if (this.#ranks[index] === UNSEEN) this.#touched[this.#touchedCount++] = index
    this.#ranks[index] = rank
    this.#texts[index] = shown
  }

  /** The members of the row that has been seen; the next one begins. */
  take(): string {
    let members = ''
    for (let touched = 0; touched < this.#touchedCount; touched++) {
      const index = this.#touched[touched]
      members += this.#members[index] + this.#texts[index]
      this.#ranks[index] = UNSEEN
    }
    this.#touchedCount = 0
    return members
  }
}

function integerText(value: unknown): string | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && (number | 0) === number ? String(number) : undefined
}
