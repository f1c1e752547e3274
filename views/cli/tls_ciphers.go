package cli

import (
	"crypto/tls"
	"strings"
)

// openSSLNames are OpenSSL's names of the ciphers for TLS 1.2 that are spoken here.
var openSSLNames = map[string]string{
	"ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256":   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384":   "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-CHACHA20-POLY1305":   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-ECDSA-AES128-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
	"ECDHE-RSA-AES128-SHA":          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	"ECDHE-ECDSA-AES256-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
	"ECDHE-RSA-AES256-SHA":          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
}

// cipherSuites reads a list of ciphers for TLS 1.2; nil is the library's choice.
// A name that is not known is refused: leaving it out could allow less than meant.
func cipherSuites(text string) ([]uint16, error) {
	if text == "" {
		return nil, nil
	}
	known := map[string]uint16{}
	for _, s := range tls.CipherSuites() {
		known[s.Name] = s.ID
	}
	names := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":, ", r) })
	if len(names) == 0 { // not the library's choice, which is more than none
		return nil, usage("the list of ciphers %q names none; write them like ECDHE-RSA-AES128-GCM-SHA256, with colons between, or leave the list out for the usual ones", text)
	}
	var ids []uint16
	for _, name := range names {
		if standard, ok := openSSLNames[strings.ToUpper(name)]; ok {
			name = standard
		}
		id, ok := known[name]
		if !ok {
			return nil, usage("the cipher %q is not spoken here; those for TLS 1.2 are called like ECDHE-RSA-AES128-GCM-SHA256", name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
