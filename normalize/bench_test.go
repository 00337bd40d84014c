package normalize

import (
	"context"
	"testing"
)

func BenchmarkImage(b *testing.B) {
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"12MP", withOrientation(jpegOf(b, smooth(4032, 3024), 85), 6)},
		{"1080p", jpegOf(b, smooth(810, 1080), 85)},
		{"P3", withProfile(withOrientation(jpegOf(b, smooth(1080, 810), 85), 6), displayP3)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Image(context.Background(), c.data, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
