export { LmdbStore, type LmdbStoreOptions } from './lmdb-store.js'
