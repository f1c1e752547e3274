// Package recorder answers one question: what happened in each failover, stage
// by stage, and what did it cost?
//
// It is fed one Snapshot after another and keeps a record per failover, whether
// a person ordered it or the cluster did it by itself. It does no input or
// output and reads no clock: a stage's time is that of the snapshot that first
// shows it, so that it is late by at most the time between two of them. It does
// not judge whether a failover was wise.
package recorder
