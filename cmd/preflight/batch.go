package main

import (
	"context"
	"errors"
	"fmt"
)

// A batch is the work of a command on many inputs: it complains of those that
// cannot be read, shows progress, and ends on an interrupt.
type batch[T any] struct {
	a      *app
	inputs *inputFlags
	sorted bool

	begin  func(head []input)                               // is told the first inputs, to lay out columns; may be nil
	do     func(context.Context, input) (T, error)          // runs in many goroutines; an error is one of reading
	emit   func(ctx context.Context, in input, out T) error // writes one result
	unread func()                                           // counts an input that could not be read; may be nil
}

func (b *batch[T]) run(ctx context.Context) error {
	type result struct {
		input
		out T
	}
	// A list from standard input may come slowly: nothing is waited for then.
	ahead := 20_000
	if b.inputs.filesFrom == stdinPath {
		ahead = 0
	}
	head, all, inputs := lookAhead(ctx, b.a.inputs(b.inputs), ahead)
	if b.begin != nil {
		b.begin(head)
	}
	bar := b.a.progress(len(head), all)
	none := true
	do := func(ctx context.Context, in input) result {
		if in.err != nil {
			return result{input: in}
		}
		out, err := b.do(ctx, in)
		in.err = err
		return result{in, out}
	}
	err := each(ctx, inputs, b.inputs.jobs, b.sorted, do, func(r result) error {
		none = false
		bar.clear()
		defer bar.step()
		switch {
		case r.err == nil:
			return b.emit(ctx, r.input, r.out)
		case ctx.Err() != nil: // it was interrupted
			return nil
		case b.unread != nil && !errors.Is(r.err, errNoImages) && !errors.Is(r.err, errLink):
			b.unread()
		}
		b.a.complainInput(r.path, r.err)
		return nil
	})
	bar.clear()
	switch {
	case err != nil:
		return err
	case none && b.inputs.filesFrom != "":
		return fail(exitUsage, fmt.Errorf("%s: the list is empty", b.inputs.filesFrom))
	}
	return nil
}
