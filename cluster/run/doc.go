// Package run answers one question: how is a plan carried out, so that nothing
// is lost whatever happens meanwhile?
//
// Start looks at the cluster afresh, refuses what does not fit any more, and
// returns a Job that moves slots in the best way all nodes know: by SETSLOT and
// MIGRATE, by CLUSTER MIGRATION (Redis 8.4 and newer) or by CLUSTER
// MIGRATESLOTS (Valkey 9 and newer). A job tells how far it is, can be slowed,
// paused, stopped between slots and rolled back, and ends by asking every node.
// Find reads from the cluster itself what an interrupted move left behind, and
// StartRecovery finishes it or brings it back.
//
// A slot is never given away before its owner, asked after the last batch, held
// no key of it in any database. The package plans nothing, keeps nothing in the
// cluster but its connections' names, and never decides between two values of a
// key: it asks.
package run
