// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanKind } from '@opentelemetry/api'
import { hex, integer, logNormal, pick, type Random } from './random'

export type AttributeValue = string | number | boolean
export type Attributes = Record<string, AttributeValue>

/** What a call does: it decides which faults can strike it. */
export type Site =
  'server' | 'peer' | 'external' | 'sql' | 'cache' | 'publish' | 'consume' | 'internal' | 'bucket'

export interface CallEvent {
  name: string
  attributes: Attributes
}

/** One span to be, with what it calls. Faults and decoys change it before it is laid out in time. */
export interface Call {
  service: string
  name: string
  kind: SpanKind
  site: Site
  /** Time spent in the call itself, without its children. */
  ownMillis: number
  /** How long a message lies in its queue before this call takes it. */
  waitMillis: number
  attributes: Attributes
  events: CallEvent[]
  children: Call[]
  error?: { message: string }
}

/** Makes the calls of a shop, with the attributes that instrumentation would give them. */
export class CallMaker {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** An HTTP request that comes in. */
  serve(service: string, method: string, route: string, children: Call[]): Call {
    const attributes: Attributes = writesOldNames(service)
      ? { 'http.method': method, 'http.route': route, 'http.status_code': 200 }
      : { 'http.request.method': method, 'http.route': route, 'http.response.status_code': 200 }
    const agent = pick(this.#random, ['Mozilla/5.0', 'okhttp/4.12.0', 'ShopApp/7.3'])
    return this.#call(service, `${method} ${route}`, SpanKind.SERVER, 'server', 3, children, {
      ...attributes,
      'user_agent.original': agent,
      'app.user.id': `u-${integer(this.#random, 1000, 99_999)}`,
    })
  }

  /** A gRPC call from one service to another: a client span with its server span. */
  rpc(from: string, to: string, method: string, children: Call[], millis = 4): Call {
    const [rpcService = '', rpcMethod = ''] = method.split('/')
    const attributes = {
      'rpc.system': 'grpc',
      'rpc.service': rpcService,
      'rpc.method': rpcMethod,
      'rpc.grpc.status_code': 0,
    }
    const served = this.#call(to, method, SpanKind.SERVER, 'server', millis, children, attributes)
    return this.#call(from, method, SpanKind.CLIENT, 'peer', 1, [served], {
      ...attributes,
      ...peer(from, `${to}.shop.svc.cluster.local`, 8080),
    })
  }

  /** An HTTP call to somebody else's service, which sends no spans. */
  external(service: string, host: string, method: string, path: string, millis: number): Call {
    const url = `https://${host}${path}`
    const attributes: Attributes = writesOldNames(service)
      ? { 'http.method': method, 'http.url': url, 'http.status_code': 200 }
      : { 'http.request.method': method, 'url.full': url, 'http.response.status_code': 200 }
    return this.#call(service, method, SpanKind.CLIENT, 'external', millis, [], {
      ...attributes,
      ...peer(service, host, 443),
    })
  }

  sql(service: string, system: string, verb: string, table: string, millis = 3): Call {
    const text = statement(verb, table)
    const attributes: Attributes = writesOldNames(service)
      ? { 'db.system': system, 'db.statement': text, 'db.sql.table': table, 'db.name': 'shop' }
      : {
          'db.system.name': system,
          'db.query.text': text,
          'db.collection.name': table,
          'db.namespace': 'shop',
          'db.operation.name': verb,
        }
    return this.#call(service, `${verb} ${table}`, SpanKind.CLIENT, 'sql', millis, [], {
      ...attributes,
      ...peer(service, `${service}-db`, system === 'mysql' ? 3306 : 5432),
    })
  }

  cache(service: string, command: string, key: string): Call {
    const text = `${command} ${key}:${integer(this.#random, 1, 9999)}`
    const attributes: Attributes = writesOldNames(service)
      ? { 'db.system': 'redis', 'db.statement': text, 'db.operation': command }
      : { 'db.system.name': 'redis', 'db.query.text': text, 'db.operation.name': command }
    return this.#call(service, command, SpanKind.CLIENT, 'cache', 0.6, [], {
      ...attributes,
      ...peer(service, 'redis-main', 6379),
    })
  }

  /** A message sent, with those who get it: they work on it when it is sent, each in their own time. */
  publish(service: string, topic: string, consumers: Call[] = []): Call {
    return this.#call(service, `${topic} publish`, SpanKind.PRODUCER, 'publish', 2, consumers, {
      'messaging.system': 'kafka',
      'messaging.destination.name': topic,
      'messaging.operation.type': 'send',
      'messaging.message.body.size': integer(this.#random, 200, 4000),
    })
  }

  consume(service: string, topic: string, children: Call[]): Call {
    const call = this.#call(
      service,
      `${topic} process`,
      SpanKind.CONSUMER,
      'consume',
      5,
      children,
      {
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': `${service}-group`,
        'messaging.kafka.offset': integer(this.#random, 10_000, 9_999_999),
      },
    )
    call.waitMillis = logNormal(this.#random, 15)
    return call
  }

  internal(service: string, name: string, millis: number, children: Call[] = []): Call {
    const attributes = { 'code.function.name': name, 'thread.id': integer(this.#random, 1, 64) }
    return this.#call(service, name, SpanKind.INTERNAL, 'internal', millis, children, attributes)
  }

  bucket(service: string, operation: string, bucket: string, millis = 25): Call {
    return this.#call(service, `S3.${operation}`, SpanKind.CLIENT, 'bucket', millis, [], {
      'rpc.system': 'aws-api',
      'rpc.service': 'S3',
      'rpc.method': operation,
      'aws.s3.bucket': bucket,
      'aws.s3.key': `${hex(this.#random, 8)}.bin`,
    })
  }

  #call(
    service: string,
    name: string,
    kind: SpanKind,
    site: Site,
    millis: number,
    children: Call[],
    attributes: Attributes,
  ): Call {
    const ownMillis = logNormal(this.#random, millis)
    return { service, name, kind, site, ownMillis, waitMillis: 0, attributes, events: [], children }
  }
}

/** Some services still write the semantic conventions' names of before 2023. */
export function writesOldNames(service: string): boolean {
  return ['orders', 'payment', 'search', 'auth', 'media'].includes(service)
}

function peer(service: string, host: string, port: number): Attributes {
  return writesOldNames(service)
    ? { 'net.peer.name': host, 'net.peer.port': port }
    : { 'server.address': host, 'server.port': port }
}

function statement(verb: string, table: string): string {
  switch (verb) {
    case 'INSERT':
      return `INSERT INTO ${table} (id, sku, quantity, created_at) VALUES (?, ?, ?, ?)`
    case 'UPDATE':
      return `UPDATE ${table} SET quantity = quantity - ?, updated_at = now() WHERE sku = ?`
    case 'DELETE':
      return `DELETE FROM ${table} WHERE id = ?`
    case 'search':
    case 'bulk':
      return `POST /${table}/_${verb}`
    default:
      return `SELECT * FROM ${table} WHERE id = ? ORDER BY created_at LIMIT 50`
  }
}
