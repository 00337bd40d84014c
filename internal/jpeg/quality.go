package jpeg

import (
	"math"
	"sort"
)

// Quality is the IJG quality whose standard luma table is nearest, by least
// squares, to the file's own. With other tables than IJG's the number is a
// comparison, not a setting that anybody chose: ask Good before holding it
// against a file, or rely on the bounds.
type Quality struct {
	Value int     // 1..100; 0: not known (lossless, or no table)
	Fit   float64 // root mean square of the residual over the 64 entries, in table units; 0 for an exact IJG table

	// Lower and Upper are bounds that do not lean on the fit. Every
	// coefficient is quantized at least as finely as IJG quality Lower does
	// it, and at least as coarsely as IJG quality Upper does it, so that the
	// file is for certain no worse than the one and no better than the other.
	// Both are Value for an exact IJG table. 0: even the coarsest table is
	// finer somewhere (Lower), even the finest is coarser somewhere (Upper).
	Lower, Upper int
}

// maxMisfit is the largest residual, relative to the mean entry of the table
// of quality Value, at which that table counts as the file's own. In a
// collection of 300 photos from cameras and editors, tables that are not
// IJG's lie apart: from 0.9 to 3.6 % (IJG's with other rounding, a few entries
// changed; Value is within a point of Lower or Upper) and from 10 to 109 %
// (Photoshop's, flat ones and other designs, where Lower and Upper are up to
// 90 points apart).
const maxMisfit = 0.05

// Good reports whether the file's table is so near to an IJG table that Value
// may be held against it. It is false for the zero Quality.
func (q Quality) Good() bool {
	if q.Value == 0 {
		return false
	}
	sum := 0
	for _, v := range standard[0][q.Value-1] {
		sum += int(v)
	}
	return q.Fit <= maxMisfit*float64(sum)/64
}

// Zigzag lists the places of a block, row by row, in the order in which its
// coefficients and quantization tables are stored (T.81, figure A.6).
var Zigzag = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// lumaBase and chromaBase are the tables of T.81, K.1 and K.2.
var (
	lumaBase = QuantTable{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	}
	chromaBase = QuantTable{
		17, 18, 24, 47, 99, 99, 99, 99,
		18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99,
		47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
	}
)

// Standard returns the tables for luma and chroma that the library of the
// Independent JPEG Group uses for a quality of 1 to 100 in baseline files.
func Standard(quality int) (luma, chroma QuantTable) {
	return scaled(&lumaBase, quality, 255), scaled(&chromaBase, quality, 255)
}

// scaled makes a table as IJG's jpeg_set_quality does, with entries up to limit.
func scaled(base *QuantTable, quality, limit int) (t QuantTable) {
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	for k, v := range base {
		t[k] = uint16(min(max((int(v)*scale+50)/100, 1), limit))
	}
	return t
}

// standard[0][q-1] is the luma table of quality q with entries up to 255,
// standard[1][q-1] the one with entries up to 32767, with and without IJG's
// force_baseline.
var standard = [2][100]QuantTable{standardTables(255), standardTables(32767)}

func standardTables(limit int) (t [100]QuantTable) {
	for i := range t {
		t[i] = scaled(&lumaBase, i+1, limit)
	}
	return t
}

// estimateQuality finds the nearest standard table. Tables with an entry above
// 255, which baseline JPEG cannot have, are compared with the standard tables
// that go beyond it too.
func estimateQuality(t *QuantTable) Quality {
	tables := &standard[0]
	for _, v := range t {
		if v > 255 {
			tables = &standard[1]
			break
		}
	}
	// No entry of the standard tables grows with q, so both bounds can be
	// found by halving, and no table outside of them can be nearer than the
	// one at the bound.
	lower := sort.Search(100, func(i int) bool { return !covers(&tables[i], t) })
	upper := 1 + sort.Search(100, func(i int) bool { return covers(t, &tables[i]) })
	q := Quality{Lower: lower, Upper: upper}
	if upper > 100 {
		q.Upper = 0
	}
	best := int64(math.MaxInt64)
	for i := max(lower, 1); i <= min(upper, 100); i++ {
		if sum := squares(t, &tables[i-1]); sum < best {
			best, q.Value = sum, i
		}
	}
	q.Fit = math.Sqrt(float64(best) / 64)
	return q
}

// covers reports whether no entry of t is below that of u.
func covers(t, u *QuantTable) bool {
	for k := range t {
		if t[k] < u[k] {
			return false
		}
	}
	return true
}

// squares is the sum of the squared differences, at most 64 × 65535².
func squares(t, u *QuantTable) int64 {
	var sum int64
	for k := range t {
		d := int64(t[k]) - int64(u[k])
		sum += d * d
	}
	return sum
}
