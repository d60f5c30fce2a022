export { ConformanceFailure } from './server/assertions.js'
export { CaseContext } from './server/case-context.js'
export type { ContextSettings, FetchFunction, RequestBody, RequestOptions } from './server/case-context.js'
export { Exchange } from './server/exchange.js'
export type { ReceivedResponse, SentRequest } from './server/exchange.js'
export { parseKnownFailures } from './server/known-failures.js'
export type { RawScript } from './server/raw-http.js'
export { listServerCases, registerCases, runServerCases } from './server/run-server-cases.js'
export type { ServerCasesOptions, TestFunction } from './server/run-server-cases.js'
export { defineCases } from './server/server-case.js'
export type { Capability, Level, ServerCase, ServerCaseInfo } from './server/server-case.js'
export { SseConnection } from './server/sse-connection.js'
export { SseParser } from './server/sse-parser.js'
export type { SseEvent } from './server/sse-parser.js'
export { TestStream, producerHeaders } from './server/test-stream.js'
export type { ForkOptions, ProducerTuple, Query, WholeRead } from './server/test-stream.js'
export type { ControlFields } from './server/wire-names.js'
export * from './store/index.js'
export { AdapterFault } from './client/adapter-process.js'
export { ADAPTER_PROTOCOL_VERSION } from './client/adapter-protocol.js'
export type {
  AdapterCommand,
  AdapterError,
  AdapterFeatures,
  AdapterResult,
  AdapterSuccess,
  ReadChunk,
} from './client/adapter-protocol.js'
export type { ClientCaseInfo } from './client/client-case.js'
export { executeClientCases } from './client/execute-client-cases.js'
export type { ClientOutcome, ClientRun } from './client/execute-client-cases.js'
export { listClientCases, runClientCases } from './client/run-client-cases.js'
export type { ClientCasesOptions } from './client/run-client-cases.js'
export { renderHtml } from './report/html-report.js'
export { renderJson } from './report/json-report.js'
export { renderJunit } from './report/junit-report.js'
export { countVerdicts } from './report/run-report.js'
export type {
  CaseReport,
  ReportedExchange,
  ReportedFailure,
  RunReport,
  Verdict,
} from './report/run-report.js'
export { executeServerCases } from './run/execute-server-cases.js'
export type { ServerRun } from './run/execute-server-cases.js'
export { CAPABILITIES } from './server/server-case.js'
export type { CaseSelection } from './server/select-cases.js'
export { statements } from './spec/statements.js'
export type { Bound, Statement, StatementLevel } from './spec/statement.js'
