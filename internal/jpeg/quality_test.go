package jpeg

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// TestQualityExact: each of the standard tables gives itself, in 8 bits, in 16
// bits where entries exceed 255, and as image/jpeg writes it.
func TestQualityExact(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for q := 1; q <= 100; q++ {
		head := sof(mSOF0, 8, 16, 16, gray1) + dht(0, 0) + dht(1, 0)
		files := map[string][]byte{
			"8 bits":     []byte(soi + dqt(q, 0) + head + sos(sel1) + "\x00" + eoi),
			"16 bits":    []byte(soi + seg(mDQT, table(1, 0, ijg(q, 32767))) + head + sos(sel1) + "\x00" + eoi),
			"image/jpeg": encode(t, m, q),
		}
		for name, data := range files {
			h := mustParse(t, data)
			if want := (Quality{Value: q, Lower: q, Upper: q}); h.Quality != want {
				t.Errorf("%s: quality %d reads %+v", name, q, h.Quality)
			}
			if !h.Quality.Good() {
				t.Errorf("%s: quality %d is not good", name, q)
			}
		}
	}
}

// slowQuality looks at all hundred tables.
func slowQuality(t *QuantTable) Quality {
	limit := 255
	for _, v := range t {
		if v > 255 {
			limit = 32767
		}
	}
	q := Quality{Fit: math.Inf(1)}
	for i := 1; i <= 100; i++ {
		var sum float64
		coarser, finer := false, false
		for k, s := range ijg(i, limit) {
			d := float64(t[k]) - float64(s)
			sum += d * d
			coarser = coarser || d > 0
			finer = finer || d < 0
		}
		if fit := math.Sqrt(sum / 64); fit < q.Fit {
			q.Fit, q.Value = fit, i
		}
		if !coarser {
			q.Lower = i
		}
		if !finer && q.Upper == 0 {
			q.Upper = i
		}
	}
	return q
}

func TestQualitySlow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		table := *ijg(1+r.IntN(100), 255)
		noise := r.IntN(100)
		for k := range table {
			v := int(table[k]) + r.IntN(noise+1) - noise/2
			if r.IntN(500) == 0 {
				v *= 10
			}
			table[k] = uint16(max(v, r.IntN(2)))
		}
		if got, want := estimateQuality(&table), slowQuality(&table); got != want {
			t.Fatalf("%v: got %+v, want %+v", table, got, want)
		}
	}
}

// TestQualityGood: a table that was rounded otherwise is as good as IJG's, a
// flat one is not; the bounds enclose both.
func TestQualityGood(t *testing.T) {
	rounded := *ijg(75, 255)
	for k := range rounded {
		if k%5 == 0 {
			rounded[k]++
		}
	}
	var flat QuantTable
	for k := range flat {
		flat[k] = 16
	}
	tests := []struct {
		name         string
		table        QuantTable
		good         bool
		lower, upper int
	}{
		// The hardest entry has base 17: 9 at quality 75, so 10 here, which
		// takes 17·s + 50 ≥ 1000, s ≥ 55.9: quality 72 (56 %).
		{"rounded", rounded, true, 72, 75},
		// Base 10: 10·s + 50 ≥ 1600, s ≥ 155: quality 32 (156 %), not 33.
		// Base 121: 121·s + 50 < 1700, s < 13.6: quality 94 (12 %), not 93.
		{"flat", flat, false, 32, 94},
	}
	for _, tt := range tests {
		q := estimateQuality(&tt.table)
		if q.Good() != tt.good || q.Lower != tt.lower || q.Upper != tt.upper {
			t.Errorf("%s: got %+v, good %v; want bounds %d and %d, good %v", tt.name, q, q.Good(), tt.lower, tt.upper, tt.good)
		}
	}
	if (Quality{}).Good() {
		t.Error("no quality is good")
	}
	var zero QuantTable
	if q := estimateQuality(&zero); q.Upper != 0 || q.Good() {
		t.Errorf("table of zeros: %+v", q)
	}
	for k := range zero {
		zero[k] = 65535
	}
	if q := estimateQuality(&zero); q.Lower != 0 || q.Good() {
		t.Errorf("table of 65535: %+v", q)
	}
}

// TestQualityTraps: which table is the luma's.
func TestQualityTraps(t *testing.T) {
	three := []string{"\x01\x22\x00", "\x02\x11\x01", "\x03\x11\x01"}
	all := []string{"\x01\x00", "\x02\x00", "\x03\x00"}
	huff := dht(0, 0) + dht(1, 0)
	px := "\x12\x34"
	tests := []struct {
		name    string
		data    string
		quality int
		process string
		sub     string
		model   string
	}{
		{
			"two tables in one DQT, the other first",
			seg(mDQT, table(0, 1, ijg(30, 255))+table(0, 0, ijg(80, 255))) + sof(mSOF0, 8, 16, 16, three...) + huff + sos(all...) + px,
			80, "baseline", "4:2:0", "ycbcr",
		},
		{
			"mixed precision in one DQT",
			seg(mDQT, table(1, 0, ijg(10, 32767))+table(0, 1, ijg(80, 255))) + sof(mSOF1, 8, 16, 16, three...) + huff + sos(all...) + px,
			10, "extended", "4:2:0", "ycbcr",
		},
		{
			"table 2 chosen by the component",
			dqt(90, 0) + dqt(40, 2) + sof(mSOF0, 8, 16, 16, "\x01\x11\x02") + huff + sos(sel1) + px,
			40, "baseline", "gray", "gray",
		},
		{
			"tables behind SOF",
			sof(mSOF0, 8, 16, 16, gray1) + huff + dqt(55, 0) + sos(sel1) + px,
			55, "baseline", "gray", "gray",
		},
		{
			"redefined before the scan: the last one counts",
			dqt(90, 0) + sof(mSOF0, 8, 16, 16, gray1) + huff + dqt(20, 0) + sos(sel1) + px,
			20, "baseline", "gray", "gray",
		},
		{
			"redefined between scans: the one of the luma's scan counts",
			dqt(85, 0) + sof(mSOF0, 8, 16, 16, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00") + huff + sos(sel1) + px +
				dqt(35, 0) + sos("\x02\x00") + px + sos("\x03\x00") + px,
			85, "baseline", "4:4:4", "ycbcr",
		},
		{
			"redefined between scans, luma last",
			dqt(85, 0) + sof(mSOF0, 8, 16, 16, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00") + huff + sos("\x02\x00") + px + sos("\x03\x00") + px +
				dqt(35, 0) + sos(sel1) + px,
			35, "baseline", "4:4:4", "ycbcr",
		},
		{
			"4:2:2", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x21\x00", "\x02\x11\x01", "\x03\x11\x01") + huff + sos(all...) + px,
			60, "baseline", "4:2:2", "ycbcr",
		},
		{
			"4:4:0", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x12\x00", "\x02\x11\x01", "\x03\x11\x01") + huff + sos(all...) + px,
			60, "baseline", "4:4:0", "ycbcr",
		},
		{
			"4:1:1", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x41\x00", "\x02\x11\x01", "\x03\x11\x01") + huff + sos(all...) + px,
			60, "baseline", "4:1:1", "ycbcr",
		},
		{
			"4:1:0", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x42\x00", "\x02\x11\x01", "\x03\x11\x01") + huff + sos(all...) + px,
			60, "baseline", "4:1:0", "ycbcr",
		},
		{
			"4:4:4 written as 2x2", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x22\x00", "\x02\x22\x01", "\x03\x22\x01") + huff + sos("\x01\x00", "\x02\x00") + px,
			60, "baseline", "4:4:4", "ycbcr",
		},
		{
			"odd factors", dqt(60, 0) + dqt(60, 1) + sof(mSOF0, 8, 16, 16, "\x01\x21\x00", "\x02\x12\x01", "\x03\x11\x01") + huff + sos(all...) + px,
			60, "baseline", "2x1,1x2,1x1", "ycbcr",
		},
		{
			"RGB by Adobe's transform 0", seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x00") + dqt(70, 0) + sof(mSOF0, 8, 16, 16, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00") + huff + sos(all...) + px,
			70, "baseline", "4:4:4", "rgb",
		},
		{
			"JFIF wins over Adobe", seg(mAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") + seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x00") + dqt(70, 0) + sof(mSOF0, 8, 16, 16, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00") + huff + sos(all...) + px,
			70, "baseline", "4:4:4", "ycbcr",
		},
		{
			"RGB by its identifiers", dqt(70, 0) + sof(mSOF0, 8, 16, 16, "R\x11\x00", "G\x11\x00", "B\x11\x00") + huff + sos("R\x00", "G\x00", "B\x00") + px,
			70, "baseline", "4:4:4", "rgb",
		},
		{
			"CMYK", seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x00") + dqt(70, 0) + sof(mSOF0, 8, 16, 16, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00", "\x04\x11\x00") + huff + sos("\x01\x00", "\x02\x00", "\x03\x00", "\x04\x00") + px,
			70, "baseline", "4:4:4", "cmyk",
		},
		{
			"YCCK", seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x02") + dqt(70, 0) + sof(mSOF0, 8, 16, 16, "\x01\x22\x00", "\x02\x11\x00", "\x03\x11\x00", "\x04\x22\x00") + huff + sos("\x01\x00", "\x02\x00", "\x03\x00") + px,
			70, "baseline", "4:2:0", "ycck",
		},
		{
			"progressive", dqt(70, 0) + sof(mSOF2, 8, 16, 16, gray1) + huff + scan(0, 0, 0, sel1) + px + scan(1, 63, 0, sel1) + px,
			70, "progressive", "gray", "gray",
		},
		{
			"12 bits", seg(mDQT, table(1, 0, ijg(15, 32767))) + sof(mSOF1, 12, 16, 16, gray1) + huff + sos(sel1) + px,
			15, "extended", "gray", "gray",
		},
		{
			"arithmetic", dqt(70, 0) + sof(mSOF9, 8, 16, 16, gray1) + sos(sel1) + px,
			70, "arithmetic", "gray", "gray",
		},
		{
			"progressive arithmetic", dqt(70, 0) + sof(mSOF10, 8, 16, 16, gray1) + scan(0, 0, 0, sel1) + px + scan(1, 63, 0, sel1) + px,
			70, "progressive arithmetic", "gray", "gray",
		},
		{
			"lossless", sof(mSOF3, 8, 16, 16, gray1) + dht(0, 0) + scan(1, 0, 0, sel1) + px,
			0, "lossless", "gray", "gray",
		},
	}
	for _, tt := range tests {
		h, err := ParseHeader([]byte(soi + tt.data + eoi))
		if tt.name == "4:4:4 written as 2x2" || tt.name == "YCCK" {
			// Not all components are scanned: a warning, no error.
			if len(h.Warnings) == 0 {
				t.Errorf("%s: no warning", tt.name)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if h.Quality.Value != tt.quality || h.Quality.Fit != 0 {
			t.Errorf("%s: quality %+v, want %d", tt.name, h.Quality, tt.quality)
		}
		if (h.Luma == nil) != (tt.quality == 0) {
			t.Errorf("%s: luma table %v", tt.name, h.Luma)
		}
		if h.Process() != tt.process || h.Subsampling() != tt.sub || h.ColorModel() != tt.model {
			t.Errorf("%s: %q %q %q, want %q %q %q", tt.name, h.Process(), h.Subsampling(), h.ColorModel(), tt.process, tt.sub, tt.model)
		}
	}
}
