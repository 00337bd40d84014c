package normalize_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"log"

	"github.com/preflight-go/preflight/normalize"
)

func ExampleImage() {
	var photo bytes.Buffer // a photo from somewhere
	if err := jpeg.Encode(&photo, image.NewYCbCr(image.Rect(0, 0, 1536, 2048), image.YCbCrSubsampleRatio420), nil); err != nil {
		log.Fatal(err)
	}

	r, err := normalize.Image(context.Background(), photo.Bytes(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.ContentType, r.Width, r.Height)
	for _, c := range r.Changes {
		fmt.Println(c.Text)
	}
	// Where is now what was in the middle?
	fmt.Println(r.MapUpright(normalize.Point{X: 768, Y: 1024}))
	// Output:
	// image/jpeg 810 1080
	// Scaled from 1536x2048 to 810x1080 px, because at most 1080 px of height are recommended.
	// Encoded anew as JPEG of quality 90, from JPEG.
	// {405 540}
}
