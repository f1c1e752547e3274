// Package proof answers one question: did anything get lost?
//
// A Judge looks at a cluster from outside, with connections of its own. Before
// something is done to the cluster it plants keys that nobody touches, prints
// their digest, and starts a Load that writes and remembers every write that
// was acknowledged. Afterwards it looks up every one of them, prints the digest
// again, counts every key on every primary, and asks every node who owns what.
//
// It repairs nothing, believes no reply of OK, and shares no code with what it
// judges but the parsers of package cluster.
package proof
