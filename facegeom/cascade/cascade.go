// Package cascade holds the trained cascades of github.com/esimov/pigo v1.4.6:
// the face finder, the pupil localizer and nine facial landmark localizers.
//
// Origin, licence and how to renew them: README.md in this folder.
package cascade

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
)

//go:embed facefinder puploc lps/*
var files embed.FS

// sums are the SHA-256 of the files as pigo v1.4.6 has them.
var sums = map[string]string{
	"facefinder": "d8014993e7298c7b1865d1f8b855d6dbf4ec5c808bf879e2091ab6837abf90cd",
	"puploc":     "aa01adf34e5af6ed333be75e934275fc39fba2b63790cb340353b2d459c96ccc",
	"lps/lp312":  "f36f8ff56b61b982d20cfc63efadf627d7960850d24d954ce13d0552ba8f74f4",
	"lps/lp38":   "5056ae37210c49511ada2dfcf35a8c34b742c5f8a44729cc65be8fb4e932a948",
	"lps/lp42":   "3b7d22017b2f142c9bca5cc118f0a3ff2e4e9e12e4427314c63a9953c0dccdb7",
	"lps/lp44":   "c63d2a04bdf058923b3c7fa1b1b5c77de7e007bf71a585f20c7cfbb3b8a7f96a",
	"lps/lp46":   "f5d08fa7c700387f3a34a8ac23a1cac2eeb9d74c766efb2a95c50eb2bfacbfb7",
	"lps/lp81":   "5085fa475d1bfa2e16e2597d1e0b0a9bdd5c733d5053e303599abda0bc166df6",
	"lps/lp82":   "61ba39229d9c15bed02277ee804abb3363f97048a0b428158fb87803dec4d8f8",
	"lps/lp84":   "2389ac114b9e18a2f6036fe9728be47baca012d42993167b8146a7cfe96b334f",
	"lps/lp93":   "7e7ad437cb7488a3c37f2cbcadb0a5ee9ee4561fd17085de5eb5ec62b66480bd",
}

// Read returns the cascade with that name: "facefinder", "puploc" or "lps/lp38"
// and its like. The error names the file and the hash that it should have.
func Read(name string) ([]byte, error) {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return data, verify(name, data)
}

// verify returns an error if data is not the file of that name.
func verify(name string, data []byte) error {
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != sums[name] {
		return fmt.Errorf("cascade %s: SHA-256 is %s, not %s: the file is truncated or altered", name, got, sums[name])
	}
	return nil
}
