package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// count yields 0 to n-1.
func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestEach(t *testing.T) {
	for _, sorted := range []bool{true, false} {
		for _, n := range []int{1, 2, 7} {
			synctest.Test(t, func(t *testing.T) {
				var running, most atomic.Int64
				do := func(_ context.Context, i int) int {
					if now := running.Add(1); now > most.Load() {
						most.Store(now)
					}
					defer running.Add(-1)
					time.Sleep(time.Duration(i*37%11) * time.Millisecond) // some overtake others
					return i * i
				}
				var got []int
				err := each(context.Background(), count(100), n, sorted, do, func(v int) error {
					got = append(got, v)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if !sorted {
					slices.Sort(got)
				}
				want := make([]int, 100)
				for i := range want {
					want[i] = i * i
				}
				if !slices.Equal(got, want) {
					t.Errorf("sorted %v, %d workers: %v", sorted, n, got)
				}
				if most.Load() > int64(n) {
					t.Errorf("%d at the same time, want at most %d", most.Load(), n)
				}
			})
		}
	}
}

// A slow first item must not make the others pile up.
func TestEachBoundsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		var started atomic.Int64
		do := func(_ context.Context, i int) int {
			started.Add(1)
			if i == 0 {
				time.Sleep(time.Hour)
			}
			return i
		}
		first := true
		err := each(context.Background(), count(1000), n, true, do, func(int) error {
			if first && started.Load() > 8*n {
				t.Errorf("%d items were begun before the first was written", started.Load())
			}
			first = false
			return nil
		})
		if err != nil || started.Load() != 1000 {
			t.Error(err, started.Load())
		}
	})
}

func TestEachEndsWithEmit(t *testing.T) {
	broken := errors.New("broken pipe")
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		err := each(context.Background(), count(1000), 4, true,
			func(_ context.Context, i int) int { return i },
			func(int) error {
				if calls++; calls == 3 {
					return broken
				}
				return nil
			})
		if !errors.Is(err, broken) || calls != 3 {
			t.Errorf("%v after %d calls", err, calls)
		}
	})
}

// An interrupt is not kept waiting by a worker or a list that hangs, and what
// ends in time is still told.
func TestEachInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		release := make(chan struct{})
		do := func(ctx context.Context, i int) int {
			switch i {
			case 0:
				<-release // hangs
			case 1:
				<-ctx.Done() // ends as told
			}
			return i
		}
		endless := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
				if i == 2 {
					<-release
				}
			}
		}
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		var got []int
		err := each(ctx, endless, 3, true, do, func(v int) error {
			got = append(got, v)
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d != time.Second+grace {
			t.Errorf("ended after %v", d)
		}
		if !slices.Equal(got, []int{1, 2}) {
			t.Errorf("told of %v", got)
		}
		close(release)
	})
}

func TestLookAhead(t *testing.T) {
	for _, c := range []struct {
		items, ahead, head int
		all                bool
	}{
		{0, 5, 0, true},
		{3, 5, 3, true},
		{5, 5, 5, false}, // that there are no more is not known yet
		{9, 5, 5, false},
		{9, 0, 0, false},
	} {
		head, all, rest := lookAhead(t.Context(), count(c.items), c.ahead)
		got := slices.Collect(rest)
		if len(head) != c.head || all != c.all || !slices.Equal(got, slices.Collect(count(c.items))) {
			t.Errorf("%+v: head %v, all %v, rest %v", c, head, all, got)
		}
	}
}
