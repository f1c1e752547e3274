// Package keys answers one question: what lies in a node's slots?
//
// It counts keys by slot and samples their names, on one node that it is given,
// with commands that only read and that cost the node little. It never walks
// the whole key space, and it does not know which node owns what.
package keys
