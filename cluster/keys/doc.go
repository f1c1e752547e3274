// Package keys answers one question: where is this key, and what lies where?
//
// It carries commands through a cluster, redirection by redirection, counts
// keys by slot, walks over them with SCAN within a budget, and reads values
// page by page. It never sends KEYS or MONITOR, and never fetches a whole value
// whose size it does not know. What can be said without asking anybody stands
// in package keyspace.
package keys
