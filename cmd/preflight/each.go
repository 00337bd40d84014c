package main

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// grace is how long work in progress may go on after an interrupt. What has not
// ended by then is left behind: it holds nothing that must be cleaned up,
// because files are only written by emit.
const grace = 500 * time.Millisecond

// each calls do with every item, in n goroutines, and emit with every result,
// one after the other and always from the calling goroutine. Results come as
// they finish or, if sorted, in the order of the items; no more than a few per
// goroutine wait for their turn.
//
// It returns the first error of emit, or that of the context if it ended; emit
// is still called with what ends within the grace.
func each[In, Out any](ctx context.Context, items iter.Seq[In], n int, sorted bool, do func(context.Context, In) Out, emit func(Out) error) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()

	type job struct {
		seq  int
		item In
	}
	type result struct {
		seq int
		out Out
	}
	window := n
	if sorted {
		window = 8 * n
	}
	places := make(chan struct{}, window) // held from the start of an item until its result is emitted
	jobs := make(chan job)
	results := make(chan result, window) // so that no worker ever waits to deliver

	go func() {
		defer close(jobs)
		seq := 0
		for item := range items {
			select {
			case places <- struct{}{}:
			case <-work.Done():
				return
			}
			select {
			case jobs <- job{seq, item}:
			case <-work.Done():
				return
			}
			seq++
		}
	}()
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for j := range jobs {
				results <- result{j.seq, do(work, j.item)}
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()

	waiting := map[int]Out{}
	next := 0
	done := ctx.Done()
	var over <-chan time.Time
	for {
		select {
		case r, ok := <-results:
			if !ok {
				return ctx.Err()
			}
			if !sorted {
				r.seq = next
			}
			waiting[r.seq] = r.out
			for out, ok := waiting[next]; ok; out, ok = waiting[next] {
				delete(waiting, next)
				next++
				<-places
				if err := emit(out); err != nil {
					return err
				}
			}
		case <-done:
			done, over = nil, time.After(grace)
		case <-over:
			for _, seq := range slices.Sorted(maps.Keys(waiting)) {
				if err := emit(waiting[seq]); err != nil {
					return err
				}
			}
			return ctx.Err()
		}
	}
}

// lookAhead takes up to n items in advance, so that their number and their
// lengths are known; all says that there are no more. rest yields every item,
// those of head too, once.
func lookAhead[T any](ctx context.Context, items iter.Seq[T], n int) (head []T, all bool, rest iter.Seq[T]) {
	more := make(chan T)
	go func() { // listing can block, as on a terminal, and must not keep us from ending
		defer close(more)
		for item := range items {
			select {
			case more <- item:
			case <-ctx.Done():
				return
			}
		}
	}()
	for len(head) < n && !all {
		select {
		case item, ok := <-more:
			if !ok {
				all = true
				break
			}
			head = append(head, item)
		case <-ctx.Done():
			all = true
		}
	}
	return head, all, func(yield func(T) bool) {
		for _, item := range head {
			if !yield(item) {
				return
			}
		}
		for item := range more {
			if !yield(item) {
				return
			}
		}
	}
}
