package jpeg

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"reflect"
	"strings"
	"testing"
)

// secrets are words that Strip must remove.
var secrets = []string{"EXIFSECRET", "XMPSECRET", "IPTCSECRET", "COMSECRET", "THUMBSECRET", "MPFSECRET", "APPSECRET", "ADOBESECRET", "TRAILERSECRET"}

func withMetadata(file []byte, icc string) []byte {
	return append(insert(file, seg(mAPP0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x90\x04\x01THUMBSECRET.")+
		seg(mAPP0, "JFXX\x00\x10THUMBSECRET")+
		seg(mAPP1, sigExif+"EXIFSECRET")+
		seg(mAPP1, sigXMP+"XMPSECRET")+
		seg(mAPP1, sigXMPEx+"XMPSECRET")+
		icc+
		seg(mAPP2, "MPF\x00MPFSECRET")+
		seg(mAPP13, "Photoshop 3.0\x00IPTCSECRET")+
		seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x01ADOBESECRET")+
		seg(0xEA, "APPSECRET")+
		seg(mCOM, "COMSECRET")+
		"junk"), "TRAILERSECRET"...)
}

func TestStrip(t *testing.T) {
	icc := seg(mAPP2, "ICC_PROFILE\x00\x02\x02ICC2") + seg(mAPP2, "ICC_PROFILE\x00\x01\x02ICC1")
	m := photo(40, 24)
	gray := image.NewGray(m.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = m.Pix[4*i]
	}
	for name, plain := range map[string][]byte{"4:2:0": encode(t, m, 80), "gray": encode(t, gray, 80)} {
		data := withMetadata(plain, icc)
		h := mustParse(t, data)
		before, err := Decode(context.Background(), data, h)
		if err != nil {
			t.Fatal(err)
		}
		for _, keep := range []bool{false, true} {
			out := Strip(data, h, keep)
			s := mustParse(t, out)
			after, err := Decode(context.Background(), out, s)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(before, after) {
				t.Errorf("%s: other pixels", name)
			}
			for _, secret := range secrets {
				if bytes.Contains(out, []byte(secret)) {
					t.Errorf("%s: %s is still there", name, secret)
				}
			}
			if got, want := string(s.ICC), map[bool]string{true: "ICC1ICC2"}[keep]; got != want {
				t.Errorf("%s: ICC %q, want %q", name, got, want)
			}
			if !s.JFIF || s.Adobe != 1 || !s.HasEOI || s.Trailer.Length != 0 || len(s.Warnings) != 0 {
				t.Errorf("%s: %+v", name, s)
			}
			// Version 1.02, 72 × 144 dpi, no thumbnail.
			if !bytes.Contains(out, []byte("\xff\xe0\x00\x10JFIF\x00\x01\x02\x01\x00\x48\x00\x90\x00\x00\xff")) {
				t.Errorf("%s: JFIF %q", name, out[:30])
			}
			// Tables, frame and scan are byte for byte those of the plain file.
			if !bytes.HasSuffix(out, plain[2:]) {
				t.Errorf("%s: other image data", name)
			}
			if again := Strip(out, s, keep); !bytes.Equal(out, again) {
				t.Errorf("%s: stripping twice gives something else", name)
			}
		}
	}
}

// TestStripPlain: nothing to remove, nothing added.
func TestStripPlain(t *testing.T) {
	data := encode(t, photo(17, 9), 70)
	if out := Strip(data, mustParse(t, data), true); !bytes.Equal(out, data) {
		t.Errorf("%d bytes, want the same %d", len(out), len(data))
	}
}

func TestStripDetails(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"no EOI", strings.TrimSuffix(grayFile("", "\x12"), eoi), grayFile("", "\x12")},
		{"fill bytes before EOI belong to the scan", grayFile("", "\x12\xff\xff"), grayFile("", "\x12\xff\xff")},
		{"short JFIF", grayFile(seg(mAPP0, "JFIF\x00"), "\x12"), grayFile(seg(mAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), "\x12")},
		{"JFIF twice", grayFile(seg(mAPP0, "JFIF\x00")+seg(mAPP0, "JFIF\x00"), "\x12"), grayFile(seg(mAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), "\x12")},
		{"short Adobe, which decoders ignore", grayFile(seg(mAPP14, "Adobe\x00"), "\x12"), grayFile("", "\x12")},
		{"another APP14", grayFile(seg(mAPP14, "Other"), "\x12"), grayFile("", "\x12")},
		{"damaged ICC profile", grayFile(seg(mAPP2, "ICC_PROFILE\x00\x01\x02half"), "\x12"), grayFile("", "\x12")},
		{"a comment between scans", grayFile("", "\x12"+seg(mCOM, "secret")+dht(0, 1)+sos(sel1)+"\x34"), grayFile("", "\x12"+dht(0, 1)+sos(sel1)+"\x34")},
		{"restart interval and DNL", grayFile(seg(mDRI, "\x00\x01"), "\x12\xff\xd0\x34"+seg(mDNL, "\x00\x10")), grayFile(seg(mDRI, "\x00\x01"), "\x12\xff\xd0\x34"+seg(mDNL, "\x00\x10"))},
	}
	for _, tt := range tests {
		data := []byte(tt.data)
		if got := Strip(data, mustParse(t, data), true); string(got) != tt.want {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, tt.want)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte(grayFile(seg(mAPP1, sigExif+"II*\x00")+seg(mAPP2, "ICC_PROFILE\x00\x01\x01profile"), "\x12\xff\x00")))
	f.Add(withMetadata(encode(f, photo(16, 16), 80), ""))
	f.Add([]byte(soi + tables() + sof(mSOF2, 8, 16, 16, gray1) + scan(0, 0, 0, sel1) + "\x00\x00" + scan(1, 63, 0, sel1) + "\x00" + eoi))
	f.Add([]byte(soi + seg(mDQT, table(1, 0, ijg(5, 32767))+table(0, 1, ijg(80, 255))) + sof(mSOF1, 12, 16, 16, gray1) + dht(0, 0) + dht(1, 0) + sos(sel1) + "\x00" + eoi))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ParseHeader(data)
		checkHeader(t, data, h)
		h.Process()
		h.Subsampling()
		h.ColorModel()
		if h.MinBytes() < 0 {
			t.Fatalf("MinBytes %d", h.MinBytes())
		}
		if q := h.Quality; q.Value < 0 || q.Value > 100 || q.Lower > 100 || q.Upper > 100 {
			t.Fatalf("quality %+v", q)
		}
		if h.Width*h.Height > 1<<20 {
			return
		}
		m, stdErr := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		out := Strip(data, h, true)
		s, err := ParseHeader(out)
		if err != nil {
			t.Fatalf("stripped: %v", err)
		}
		if s.Width != h.Width || s.Height != h.Height || s.Scans != h.Scans || s.EntropyBytes != h.EntropyBytes || s.Quality != h.Quality {
			t.Fatalf("stripped: %+v, was %+v", s, h)
		}
		if again := Strip(out, s, true); !bytes.Equal(out, again) {
			t.Fatalf("stripped twice:\n%q\n%q", out, again)
		}
		d, err := Decode(context.Background(), data, h)
		if (d == nil) == (err == nil) {
			t.Fatalf("decoded %v, %v", d, err)
		}
		if stdErr != nil {
			return
		}
		after, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil || after.Bounds() != m.Bounds() {
			t.Fatalf("image/jpeg decodes the file, but stripped: %v", err)
		}
	})
}
