package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc64"
	"strconv"
)

// A copy begins with REDIS or VALKEY and a version, nine bytes together, and
// ends with the byte 0xff and a checksum over all before it.
const (
	headLength = 9
	sumLength  = 8
	endMark    = 0xff
)

// jones is the polynomial of the servers' CRC-64, in the order that hash/crc64
// wants it.
const jones = 0x95ac9329ac4bc9b5

// seal looks at a copy while it is written and tells in the end whether it is
// whole.
type seal struct {
	sha   hash.Hash
	table *crc64.Table
	crc   uint64
	head  []byte
	last  []byte // the bytes that may be the end: the mark's and the checksum's
	size  int64
}

func newSeal() *seal { return &seal{sha: sha256.New(), table: crc64.MakeTable(jones)} }

// sum continues the servers' CRC-64, which begins at 0 and is not inverted.
func (s *seal) sum(p []byte) { s.crc = ^crc64.Update(^s.crc, s.table, p) }

// Write takes the next bytes of the copy; it never fails.
func (s *seal) Write(p []byte) (int, error) {
	s.sha.Write(p)
	s.size += int64(len(p))
	if missing := headLength - len(s.head); missing > 0 {
		s.head = append(s.head, p[:min(missing, len(p))]...)
	}
	s.last = append(s.last, p...)
	if done := len(s.last) - sumLength; done > 0 {
		// The byte before the checksum is looked at in the end, so it stays.
		s.sum(s.last[:done-1])
		s.last = append(s.last[:0], s.last[done-1:]...)
	}
	return len(p), nil
}

func (s *seal) sha256() string { return hex.EncodeToString(s.sha.Sum(nil)) }

var errNotWhole = errors.New("the copy is not whole")

// judge tells the version of the copy's format, and whether it has a checksum,
// which can be switched off on a server.
func (s *seal) judge() (version int, summed bool, err error) {
	for _, name := range []string{"REDIS", "VALKEY"} {
		if digits, ok := bytes.CutPrefix(s.head, []byte(name)); ok && len(s.head) == headLength {
			if version, err = strconv.Atoi(string(digits)); err != nil {
				version = 0
			}
		}
	}
	switch {
	case version == 0:
		return 0, false, fmt.Errorf("%w: it does not begin as one", errNotWhole)
	case len(s.last) != sumLength+1 || s.last[0] != endMark:
		return version, false, fmt.Errorf("%w: it does not end as one", errNotWhole)
	}
	want := binary.LittleEndian.Uint64(s.last[1:])
	if want == 0 {
		return version, false, nil
	}
	if s.sum(s.last[:1]); s.crc != want {
		return version, true, fmt.Errorf("%w: its checksum does not match", errNotWhole)
	}
	return version, true, nil
}
