package backup

import (
	"encoding/binary"
	"testing"
	"testing/quick"
)

func TestSealComputesTheServersChecksum(t *testing.T) {
	s := newSeal()
	s.sum([]byte("123456789"))
	if s.crc != 0xe9c6d914c4b8d9ca {
		t.Errorf("crc64 of 123456789 is %x", s.crc)
	}
}

// sealed is a copy with some content and the right end.
func sealed(head, content string) []byte {
	out := append([]byte(head+content), endMark)
	s := newSeal()
	s.sum(out)
	return binary.LittleEndian.AppendUint64(out, s.crc)
}

func judged(parts ...[]byte) (int, bool, error) {
	s := newSeal()
	for _, p := range parts {
		s.Write(p)
	}
	return s.judge()
}

func TestSealAcceptsWholeCopiesHoweverTheyAreCut(t *testing.T) {
	claim := func(content string, at uint16) bool {
		for _, head := range []string{"REDIS0011", "VALKEY080"} {
			all := sealed(head, content)
			cut := int(at) % (len(all) + 1)
			if _, summed, err := judged(all[:cut], all[cut:]); err != nil || !summed {
				return false
			}
			single := newSeal()
			for i := range all {
				single.Write(all[i : i+1])
			}
			if _, _, err := single.judge(); err != nil {
				return false
			}
		}
		return true
	}
	if err := quick.Check(claim, nil); err != nil {
		t.Error(err)
	}
}

func TestSealRefusesWhatIsCutOrChanged(t *testing.T) {
	all := sealed("REDIS0011", "some content that is long enough to be cut")
	for n := range len(all) {
		if _, _, err := judged(all[:n]); err == nil {
			t.Errorf("the first %d of %d bytes pass for a whole copy", n, len(all))
		}
		changed := append([]byte(nil), all...)
		changed[n] ^= 4
		if version, _, err := judged(changed); err == nil && version == 11 {
			t.Errorf("byte %d was changed, and nobody noticed", n)
		}
	}
	unsummed := append(append([]byte("REDIS0011xyz"), endMark), make([]byte, 8)...)
	if version, summed, err := judged(unsummed); version != 11 || summed || err != nil {
		t.Errorf("a copy without a checksum: version %d, summed %v, %v", version, summed, err)
	}
}
