// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * What people and programs call by many names. A trace has a concept by what its errors say, or
 * by its attributes (see `attribute-concepts.ts`); a query by the words in it.
 */
export interface Concept {
  /** Without its `#`. */
  readonly id: string
  /** What programs write of it, and people ask for it with. */
  readonly phrases: readonly string[]
  /** What only people ask with: in a trace, these words need not mean it. */
  readonly asked?: readonly string[]
  /** What is as true of a trace that has this one. */
  readonly implies?: readonly string[]
}

/** Of a query that says what is not the matter. */
export const NOTHING_WRONG = 'nothing_wrong'

const list = (text: string): string[] => text.split(',').map((phrase) => phrase.trim())

export const CONCEPTS: readonly Concept[] = Object.freeze([
  {
    id: 'error',
    phrases: [],
    asked: list(
      `error, errored, erroring, fail, failed, failing, failure, failures, broken, broke, breaking, broke down, crash,
       crashed, exception, went wrong, goes wrong, going wrong, problem, bug, unsuccessful, did not work,
       does not work, not working, blew up, fault, faulty, unable to, can not, cannot, could not`,
    ),
  },
  // Never true of a trace: it is there so that what it contains does not ask for errors.
  {
    id: NOTHING_WRONG,
    phrases: [],
    asked: list(
      `nothing fails, nothing failed, nothing is failing, nothing broken, no error, no errors, without error, without errors, not failing, no failure, no failures, no exception, no exceptions`,
    ),
  },
  {
    id: 'slow',
    phrases: [],
    asked: list(
      `take longer, takes longer, taking longer, far longer, much longer, longer than, long time, drag, dragging, drags, lags, ages, time consuming, late answers, late, slow, slower, slowest, slowly, slowness, sluggish, latency, high latency, lag, laggy, lagging, took too long, takes too long,
       taking too long, too long, took long, taking long, takes long, takes forever, taking forever, took forever,
       taking ages, long running, long duration, delay, delayed, crawl, crawling, performance, degraded, not fast, longer than usual,
       slower than usual, unusually long, high response time`,
    ),
  },
  {
    id: 'timeout',
    phrases: list(
      `timeout, timeouts, time out, timed out, timing out, deadline exceeded, deadline expired, etimedout,
       esockettimedout, context deadline, took longer than, no response within, did not respond within,
       did not respond in time, not respond, operation timed out, gave up waiting, gave up after waiting,
       waited longer than, aborted after, exceeded the time limit, exceeded time limit, no answer within, no reply within`,
    ),
    asked: list(
      `in time, not answering, not answer, not reply, not replying, no answer from, hang, hung, hanging, hangs, stuck, unresponsive, no response, no answer, no reply, never answered, never responded, never came back,
       not responding, did not answer, does not answer, does not respond, too long to respond, too long to answer, waiting for a response, gave up waiting, deadline`,
    ),
  },
  {
    id: 'database',
    phrases: [],
    asked: list(
      `database, databases, db, sql, postgres, postgresql, mysql, mariadb, mongo, mongodb, oracle, sqlite, dynamodb, cassandra, storage layer`,
    ),
  },
  {
    id: 'database_error',
    phrases: list(
      `sqlexception, sql error, sqlstate, psqlexception, database error, db error, database unavailable,
       database is locked, mongoerror, operationalerror, integrityerror, sequelize, jdbc`,
    ),
    asked: list(
      `database problem, database issue, database failure, database trouble, database down, database failing,
       database exception, database crashed, database crash, database fault, failed query, query failed, failing query, broken query,
       db failure, db problem, db issue, db exception, failed sql, sql failure, sql exception, persistence error`,
    ),
  },
  {
    id: 'deadlock',
    phrases: list(
      `deadlock, deadlocked, dead lock, lock wait timeout, could not obtain lock, could not acquire lock, lock timeout,
       lock not available, could not serialize access, serialization failure, waits for sharelock, lock wait, deadlockloser, 40p01, 40001, lock conflict, write conflict`,
    ),
    asked: list(
      `lock contention, blocked transaction, blocking each other, transactions blocking, conflicting transactions, conflicting locks, waiting on each other,
       waiting for each other, row lock, table lock, locked row, locked rows, mutual lock, circular wait, transaction rolled back, lock problem`,
    ),
    implies: ['database_error'],
  },
  {
    id: 'pool_exhausted',
    phrases: list(
      `pool exhausted, pool is exhausted, pool timeout, no free connection, no available connection,
       no connection available, no idle connection, connection is not available, too many connections, too many clients, remaining connection slots, unable to acquire a connection, unable to acquire connection,
       could not get a connection, could not acquire connection, cannot acquire connection, timeout acquiring a connection, acquire connection,
       acquiring connection, queuepool limit, maxpoolsize, max pool size, hikaripool, connection limit exceeded, waiting for a connection, checkout timeout, waiting for connection from pool, all connections in use, all connections are in use`,
    ),
    asked: list(
      `free handle, free connection, db handle, database handle, open sessions, too many sessions, too many open connections, ran out of connections, run out of connections, running out of connections, out of connections, no more connections, connections used up, no connections left, connections exhausted,
       connection pool, exhausted connections, connection exhaustion, connection starvation, pool empty, pool full, pool starvation, pool limit, pool saturated, no free database connections`,
    ),
    implies: ['database_error'],
  },
  {
    id: 'constraint',
    phrases: list(
      `duplicate key, unique constraint, unique violation, foreign key constraint, not null constraint, check constraint,
       constraint violation, violates constraint, duplicate entry, 23505, 23503, already exists, alreadyexists, version conflict, optimistic lock, stale object`,
    ),
    asked: list(
      `duplicate, duplicates, duplicated record, conflict, conflicting record, integrity violation, uniqueness`,
    ),
  },
  {
    id: 'connection_refused',
    phrases: list(
      `connection refused, econnrefused, refused to connect, connect failed, connection failed, failed to connect, could not connect,
       unable to connect, cannot connect, no connection could be made, nothing listening, actively refused`,
    ),
    asked: list(
      `can not reach, cannot reach, could not reach, unreachable, not reachable, nobody listening, refused connection, connection problem, connectivity, connection error`,
    ),
    implies: ['unavailable'],
  },
  {
    id: 'connection_reset',
    phrases: list(
      `connection reset, econnreset, socket hang up, broken pipe, epipe, connection closed, closed connection, connection aborted,
       connection lost, lost connection, connection dropped, server closed the connection, unexpected eof, premature close, goaway, stream reset, rst_stream`,
    ),
    asked: list(
      `dropped connection, disconnected, disconnect, connection cut, network error, network problem, network issue, network failure`,
    ),
  },
  {
    id: 'unavailable',
    phrases: list(
      `unavailable, service unavailable, temporarily unavailable, bad gateway, no healthy upstream, no healthy upstreams, upstream connect error,
       circuit breaker, circuit open, circuitbreaker, circuit is open, no route to host, ehostunreach, enetunreach, host unreachable, host is unreachable, network is unreachable, no endpoints available, no live upstreams`,
    ),
    asked: list(
      `outage, down, offline, is dead, not available, out of service, went away, gone away, unhealthy, breaker`,
    ),
  },
  {
    id: 'dns',
    phrases: list(
      `tcp lookup, dns, enotfound, eai_again, getaddrinfo, name resolution, name or service not known, no such host, unknown host,
       unknownhostexception, could not resolve, unable to resolve, failed to resolve, cannot resolve, name not resolved, nxdomain, servfail, name does not resolve, lookup failed, host not found, temporary failure in name resolution`,
    ),
    asked: list(
      `looked up, address of the server, resolve, resolved, resolving, domain, hostname lookup, host lookup, name lookup, resolve hostname, resolve host, resolving host, resolving the name, resolution of host, hostname not found, hostname can not be found, unresolved host, unresolvable,
       domain name, domain not found, host name not found, does not resolve, not resolve, resolver, hostname resolution, unknown hostname, find the host`,
    ),
  },
  {
    id: 'tls',
    phrases: list(
      `tls, ssl, x509, certificate, certificates, cert, cert_has_expired, handshake failed, handshake failure, handshake error, sslhandshakeexception, certpath, pkix path,
       self signed, unable to verify, unknown authority, certificate has expired, certificate expired, expired certificate, not yet valid, certificate verify failed, peer certificate, err_tls, depth_zero`,
    ),
    asked: list(
      `https error, encryption, secure connection, trust chain, untrusted, handshake, certs, ssl problem, expired cert, certificate problem, secure channel, mtls`,
    ),
  },
  {
    id: 'auth',
    phrases: list(
      `token has been revoked, no longer valid, token revoked, invalid_grant, unauthorized, unauthenticated, authentication failed, authentication failure, authentication required, invalid token, token expired, expired token, token has expired, token is expired, jwt expired,
       jwt, jwtexpired, tokenexpired, tokenexpirederror, invalid credentials, bad credentials, invalid api key, invalid signature, session expired, session has expired, login failed, not authenticated, not logged in, invalid_token, password authentication failed, access token, signature has expired, signature expired, bearer, credentials expired, credential`,
    ),
    asked: list(
      `outdated credentials, credentials outdated, authenticate again, log in again, session ran out, sessions run out, session timed out, revoked, auth, authentication, authenticate, login, log in, logged out, sign in, signed out, credentials, token, expired login, expired session, expired credentials, stale token, identity, oauth, sso, 401, lapsed token, token no longer valid, token lapsed, rejected token`,
    ),
  },
  {
    id: 'forbidden',
    phrases: list(
      `forbidden, permission denied, permission_denied, permissiondenied, access denied, accessdenied, not allowed, not authorized, insufficient permission, insufficient privileges, insufficient scope, missing scope, eacces, eperm, operation not permitted, lacks permission, access is denied, policy denied`,
    ),
    asked: list(
      `permission, permissions, authorization, unauthorised, denied, access rights, no rights, privilege, privileges, missing rights, role, 403, not permitted`,
    ),
  },
  {
    id: 'rate_limited',
    phrases: list(
      `rate limit, rate limited, ratelimit, rate limiting, rate exceeded, too many requests, toomanyrequests, throttle, throttled, throttling, throttlingexception, quota exceeded, quota, exceeded quota, slow down, slowdown, requests per second, request limit, resource_exhausted, retry after, limit exceeded, over the limit`,
    ),
    asked: list(
      `429, too much traffic, hit the limit, hitting limits, limits hit, request cap, calling too often, too often, too many calls, over quota, api limit, backoff requested, call limit, usage limit, too fast`,
    ),
  },
  {
    id: 'cache',
    phrases: [],
    asked: list(`cache, caches, caching, cached, redis, memcached, valkey, memcache`),
  },
  {
    id: 'cache_error',
    phrases: list(
      `redis is loading, loading redis, maxretriesperrequesterror, max retries per request, cache backend, connect to redis, connect to memcached, redis connection, redis error, redisconnectionexception, redisconnectionerror, cache unavailable, cache unreachable, cache error, cache connection, clusterdown, loading the dataset, masterdown, moved redirection, oom command not allowed`,
    ),
    asked: list(
      `reach redis, contact with redis, reach the cache, key value store, in memory store, cache went away, cache down, cache outage, cache failure, cache failing, cache broken, cache problem, cache offline, cache unavailable, redis down, redis outage, redis failure, redis failing, redis problem, cache exception`,
    ),
  },
  {
    id: 'cache_miss',
    phrases: list(
      `cache miss, cache misses, cachemiss, cache.miss, missed cache, miss rate, not in cache, not found in cache, cache bypass, cache stampede, cache expired`,
    ),
    asked: list(
      `cold cache, uncached, not cached, empty cache, cache not hit, nothing cached, bypassing the cache, cache evicted, fell through the cache, cache missing, misses, falling back to the database, stampede, cache not used, low hit rate, hit rate`,
    ),
  },
  {
    id: 'messaging',
    phrases: [],
    asked: list(
      `queue, queues, kafka, rabbitmq, sqs, broker, topic, consumer, producer, message, messages, messaging, event bus, pubsub, amqp, nats`,
    ),
  },
  {
    id: 'messaging_error',
    phrases: list(
      `broker not available, leader not available, notleaderforpartition, failed to publish, failed to send message, publish failed, unknown topic, kafkaexception, kafkajs, amqp error, dead letter, deadletter, delivery failed, poison message`,
    ),
    asked: list(
      `queue error, queue failure, queue problem, broker down, message lost, messages lost, undelivered, not delivered, kafka error, kafka down, kafka problem, messaging failure, message could not be sent`,
    ),
  },
  {
    id: 'backlog',
    phrases: list(
      `is behind, lag, lagging behind, records behind, fell behind, backlog, consumer lag, queue lag, queue full, queue is full, queue depth, queue length, queue size, messages behind, behind by, lag exceeded, lag of, rebalance, rebalancing, max.poll.interval, backpressure, back pressure, buffer full, too many pending, mailbox full, queue overflow, queue capacity, pending messages, messages pending, commitfailedexception`,
    ),
    asked: list(
      `keep up, sit in the queue, sit in the topic, sitting in the queue, pending, waiting in the topic, piling up, pile up, piled up, falling behind, fell behind, behind schedule, lagging behind, queue growing, growing queue, building up, unprocessed, not keeping up, can not keep up, cannot keep up, waiting in the queue, waiting messages, late messages, stale messages, old messages, congestion, congested, clogged, queued up, stuck in the queue, slow consumer, lag, delayed messages, queue delay`,
    ),
  },
  {
    id: 'out_of_memory',
    phrases: list(
      `out of memory, outofmemory, outofmemoryerror, oom, oomkilled, oom killed, heap space, heap limit, heap out of memory, java heap, gc overhead, cannot allocate memory, memory exhausted, memory limit, allocation failed, memoryerror, enomem, bad_alloc, exit code 137, signal killed, memory allocation, memory pressure, memory quota, std::bad_alloc, evicted memory, exceeded memory`,
    ),
    asked: list(
      `too much memory, heap is full, memory, ran out of memory, run out of memory, not enough memory, memory leak, memory problem, ram, heap, too little memory, insufficient memory, killed by the kernel, memory full, no memory left, used up all memory, oom kill`,
    ),
  },
  {
    id: 'disk_full',
    phrases: list(
      `no space left, enospc, disk full, disk is full, disk quota, edquot, insufficient storage, not enough space, not enough disk space, volume full, device full, filesystem full, file system full, out of disk, disk usage, disk space, insufficient disk space, storage full, could not extend file, low disk`,
    ),
    asked: list(
      `out of room, run out of room, filled up, fills up, filesystem is exhausted, volume, disk, full disk, out of space, ran out of space, run out of space, no room left, storage space, storage is full, drive full, volume is full, no storage left, filesystem, no more space, out of storage, space left`,
    ),
  },
  {
    id: 'read_only',
    phrases: list(
      `read only, readonly, erofs, cannot execute insert in a read only transaction, not master, not primary`,
    ),
    asked: list(`failover, replica`),
  },
  {
    id: 'too_many_files',
    phrases: list(`too many open files, emfile, enfile, file descriptor, file descriptors`),
    asked: list(`open files, file handle, file handles, handle leak`),
  },
  {
    id: 'null_pointer',
    phrases: list(
      `cannot invoke, null pointer, nullpointer, nullpointerexception, npe, cannot read properties of undefined, cannot read property, cannot read properties of null, of undefined, undefined is not, is not a function, is undefined, is null, nonetype, null reference, nullreferenceexception, nil pointer, nil pointer dereference, invalid memory address, object reference not set, attributeerror, typeerror, unexpected null, segmentation fault, sigsegv, undefined method, none has no attribute, null value, panic`,
    ),
    asked: list(
      `not set, field of nothing, property of nothing, new release, new version, latest release, last deploy, null, nil, undefined, null deref, dereference, missing object, programming error, coding error, code bug, unhandled exception, uncaught exception, runtime error, regression, bad deploy, bad release, broken release, broken deploy, after deploy, after the deployment, new version broken`,
    ),
    implies: ['server_error'],
  },
  {
    id: 'validation',
    phrases: list(
      `validation, validation failed, validation error, validationerror, validationexception, invalid argument, invalidargument, invalid_argument, invalid request, invalid input, invalid value, invalid payload, invalid format, malformed, bad request, badrequest, unprocessable, missing required, required field, required property, schema, schema violation, schema mismatch, parse error, parsing error, failed to parse, unexpected token, syntax error, jsonparse, json parse, deserialize, deserialization, unmarshal, cannot unmarshal, failed to decode, does not match schema, type mismatch, must be a, must be of type, is required, illegalargumentexception, unknown field, out of range, zoderror, avro`,
    ),
    asked: list(
      `invalid, bad input, wrong format, wrong input, bad payload, unparseable, unparsable, wrong data, bad data, incompatible payload, rejected input, payload rejected, wrong type, wrong shape, field missing, missing field, incorrect input, corrupt payload, 400, 422, malformed json`,
    ),
  },
  {
    id: 'schema_mismatch',
    phrases: list(
      `unrecognized field, unrecognized property, unrecognizedpropertyexception, incompatible schema, schema version, undefined column, undefined table,
       unknown column, no such column, no such table, column does not exist, relation does not exist, invalid column name, expecting long, found string, required property, avrotypeexception, unknown enum value, 42703, 42p01`,
    ),
    asked: list(
      `schema, migration, migrations, missing column, column missing, missing table, field is missing, shape, incompatible, cannot parse, can not parse, not understand, contract changed, schema change, schema drift, unexpected shape, unknown property, unreadable message`,
    ),
    implies: ['validation'],
  },
  {
    id: 'payment_declined',
    phrases: list(
      `declined, card declined, card was declined, payment declined, insufficient funds, do not honor, do_not_honor, card expired, expired card, card has expired, invalid card, charge failed, payment failed, payment refused, payment required, card_declined, not sufficient funds, transaction refused, authorization declined, invalid cvc, stolen card, lost card, processor_declined`,
    ),
    asked: list(
      `said no, turned down, bank, fraud, credit card, issuer, decline, card rejected, rejected card, payment rejected, rejected payment, payment error, payment problem, payments failing, failed payment, payment failure, failed charge, charge rejected, card refused, refused card, bank refused, bank rejected, bank said no, customer could not pay, could not pay, can not pay, no money, card not accepted, payment not accepted, denied by the bank, declined by bank, money, charge declined, unable to pay, refused by the bank, not enough money`,
    ),
  },
  {
    id: 'out_of_stock',
    phrases: list(
      `only 0 left, no stock, stock remaining, insufficientinventory, 0 available, out of stock, outofstock, insufficient stock, not in stock, sold out, no inventory, insufficient inventory, stock level`,
    ),
    asked: list(
      `none left, product is not available, not available any more, nothing left, item unavailable, warehouse empty, unavailable product, product not available, nothing left to sell`,
    ),
  },
  {
    id: 'not_found',
    phrases: list(
      `not found, notfound, not_found, does not exist, no such, no rows, doesn t exist, unknown product, nosuchkey, filenotfoundexception, enoent, no matching, missing resource, no record`,
    ),
    asked: list(
      `404, missing, non existent, nonexistent, absent, can not find, cannot find, could not find, unknown resource, missing record, missing page`,
    ),
  },
  {
    id: 'server_error',
    phrases: list(
      `internal server error, internal error, internalservererror, unexpected error, unhandled, uncaught, panic, status code 500, http 500, stack overflow, stackoverflowerror, assertion failed, assertionerror, invariant`,
    ),
    asked: list(`500, 5xx, server error, server failure, crash in code, unexpected exception`),
  },
  {
    id: 'retry',
    phrases: list(
      `retry, retries, retrying, retried, retries exhausted, max retries, maximum retries, retry attempt, giving up, gave up after, attempts failed, all attempts failed, attempt failed, reconnect, reconnecting, resend, resent, retry count, exhausted retries`,
    ),
    asked: list(
      `again and again, repeatedly, repeated attempts, several attempts, multiple attempts, many attempts, tried again, trying again, retry storm, kept trying, keeps trying, second attempt, flaky, attempts`,
    ),
  },
  {
    id: 'repeated_calls',
    phrases: [],
    asked: list(
      `n plus one, nplusone, many queries, too many queries, same query, repeated query, repeated queries, chatty, chatty calls, query in a loop, queries in a loop, repeated calls, hundreds of queries, loop of queries`,
    ),
  },
  {
    id: 'cancelled',
    phrases: list(
      `cancelled, canceled, cancellation, context canceled, context cancelled, aborted, aborterror, request aborted, client disconnected, client closed, operation was aborted, interrupted, interruptedexception`,
    ),
    asked: list(
      `cancel, abort, given up by the client, user left, client gave up, client left, client went away`,
    ),
  },
  {
    id: 'config',
    phrases: list(
      `misconfigured, misconfiguration, configuration error, config error, invalid configuration, missing configuration, missing environment variable, environment variable, not configured, unknown property, feature flag, flag evaluation, missing config, invalid config, no such setting`,
    ),
    asked: list(
      `configuration, config problem, wrong setting, bad config, wrong configuration, settings, bad configuration`,
    ),
  },
  {
    id: 'cpu',
    phrases: list(
      `cpu limit, cpu throttling, cpu throttled, high cpu, cpu usage, cpu saturated, thread pool, threadpool, rejectedexecutionexception, thread starvation, worker pool, event loop blocked, event loop lag, no threads available, too busy, overloaded, server busy, load shedding, concurrency limit, max concurrency`,
    ),
    asked: list(
      `cpu, processor, overload, busy, saturated, saturation, starved, starvation, threads, under load, high load`,
    ),
  },
])
