// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import * as api from '@opentelemetry/api'

/** How many orders the customers place, and the time between two of them. */
const ORDERS = 100
const ORDER_INTERVAL_MILLIS = 60

/**
 * A small app: customers place orders over HTTP, and the server asks its own
 * payment service, over HTTP, whether they can pay. It knows nothing of capture.
 */
export async function runShop(
  onOrder: (placedOrders: number, allOrders: number) => void,
): Promise<void> {
  const server = createServer((request, response) => {
    serve(request, response, port).catch((error: Error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It listens on TCP, so it has a port.
  const { port } = server.address() as AddressInfo
  const orders: Promise<void>[] = []
  let placedOrders = 0
  for (let number = 1; number <= ORDERS; number++) {
    const order = placeOrder(number, port).then(() => onOrder(++placedOrders, ORDERS))
    // One that fails is noticed when all are waited for.
    order.catch(() => undefined)
    orders.push(order)
    await setTimeout(ORDER_INTERVAL_MILLIS)
  }
  await Promise.all(orders)
  server.close()
  server.closeAllConnections()
}

async function placeOrder(number: number, port: number): Promise<void> {
  const tracer = api.trace.getTracer('shop')
  const meter = api.metrics.getMeter('shop')
  const startMillis = performance.now()
  await tracer.startActiveSpan('place order', async (span) => {
    span.setAttribute('order.number', number)
    const statusCode = await statusOf(port, `/checkout?order=${number}`)
    const isPaid = statusCode === 200
    span.addEvent(isPaid ? 'order confirmed' : 'order refused', { 'http.status': statusCode })
    if (!isPaid) span.setStatus({ code: api.SpanStatusCode.ERROR, message: 'payment refused' })
    span.end()
    meter.createCounter('shop.orders').add(1, { paid: isPaid })
  })
  meter
    .createHistogram('shop.order.duration', { unit: 'ms' })
    .record(performance.now() - startMillis)
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop')
  const number = Number(searchParams.get('order'))
  await setTimeout(2 + Math.random() * 20)
  if (pathname === '/payment') {
    response.writeHead(number % 10 === 0 ? 402 : 200).end()
    return
  }
  const statusCode = await statusOf(port, `/payment?order=${number}`)
  logOrder(number, statusCode)
  response.writeHead(statusCode).end()
}

function logOrder(number: number, statusCode: number): void {
  const isPaid = statusCode === 200
  logsApi()
    .getLogger('shop')
    .emit({
      // INFO and WARN.
      severityNumber: isPaid ? 9 : 13,
      severityText: isPaid ? 'INFO' : 'WARN',
      body: `order ${number} ${isPaid ? 'was paid' : 'could not be paid'}`,
      attributes: { 'order.number': number },
    })
}

async function statusOf(port: number, path: string): Promise<number> {
  const request = get({ host: '127.0.0.1', port, path })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode ?? 0
}

type LogsApi = typeof import('@opentelemetry/api-logs').logs

/** Since API 1.10 logs are part of the API; SDK 2.x keeps to the package before it. */
function logsApi(): LogsApi {
  const { logs } = api as { logs?: LogsApi }
  if (logs) return logs
  return (require('@opentelemetry/api-logs') as typeof import('@opentelemetry/api-logs')).logs
}
