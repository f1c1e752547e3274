package keyslot

import "github.com/sigurn/crc16"

// Count is how many slots a cluster has.
const Count = 16384

// Slot is a slot's number, 0 to 16383.
type Slot uint16

// xmodem is the table of the checksum that servers use; it never changes.
var xmodem = crc16.MakeTable(crc16.CRC16_XMODEM)

// Of is the slot a key lives in: the CRC16 (XMODEM) of the part that counts,
// modulo 16384. Any bytes are a key; the empty key lives in slot 0. It does
// not allocate.
func Of(key string) Slot {
	return fold(update(crc16.Init(xmodem), TagOf(key).In(key)))
}

// update runs text through the checksum. The conversion does not copy, because
// the checksum only reads; a test watches over that.
func update(crc uint16, text string) uint16 {
	return crc16.Update(crc, []byte(text), xmodem)
}

// fold makes a slot of a finished checksum.
func fold(crc uint16) Slot {
	return Slot(crc16.Complete(crc, xmodem) % Count)
}
