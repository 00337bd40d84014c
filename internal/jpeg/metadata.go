package jpeg

// Signatures at the start of application segments.
const (
	sigExif  = "Exif\x00\x00"
	sigXMP   = "http://ns.adobe.com/xap/1.0/\x00"
	sigXMPEx = "http://ns.adobe.com/xmp/extension/\x00"
	sigICC   = "ICC_PROFILE\x00"
)

// applications are the application segments we can tell apart.
var applications = []struct {
	marker    byte
	signature string
	kind      string
}{
	{mAPP0, "JFIF\x00", "JFIF"},
	{mAPP0, "JFXX\x00", "JFXX"},
	{mAPP1, sigExif, "Exif"},
	{mAPP1, sigXMP, "XMP"},
	{mAPP1, sigXMPEx, "ExtendedXMP"},
	{mAPP2, sigICC, "ICC"},
	{mAPP2, "MPF\x00", "MPF"},
	{mAPP2, "FPXR\x00", "FlashPix"},
	{mAPP11, "JP", "JUMBF"},
	{mAPP12, "Ducky", "Ducky"},
	{mAPP13, "Photoshop 3.0\x00", "IPTC"},
	{mAPP14, "Adobe", "Adobe"},
}

var applicationNames = [16]string{
	"APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7",
	"APP8", "APP9", "APP10", "APP11", "APP12", "APP13", "APP14", "APP15",
}

// kindOf names a segment by its marker and the start of its body.
func kindOf(marker byte, body []byte) string {
	switch {
	case mAPP0 <= marker && marker <= mAPP15:
		for _, a := range applications {
			if a.marker == marker && len(body) >= len(a.signature) && string(body[:len(a.signature)]) == a.signature {
				return a.kind
			}
		}
		return applicationNames[marker-mAPP0]
	case marker == mDHP:
		return "DHP"
	case isSOF(marker):
		return "SOF"
	}
	switch marker {
	case mCOM:
		return "COM"
	case mDQT:
		return "DQT"
	case mDHT:
		return "DHT"
	case mDRI:
		return "DRI"
	case mDAC:
		return "DAC"
	case mDNL:
		return "DNL"
	case mEXP:
		return "EXP"
	case mSOS:
		return "SOS"
	}
	return "unknown"
}

// metadata notes what an application segment says.
func (p *parser) metadata(kind string, body []byte) {
	h := p.h
	switch kind {
	case "JFIF":
		h.JFIF = true
	case "Exif":
		if h.EXIF == nil {
			h.EXIF = body[len(sigExif):]
		}
	case "XMP":
		if h.XMP == nil {
			h.XMP = body[len(sigXMP):]
		}
	case "Adobe":
		if len(body) >= 12 { // version, two words of flags, transform; shorter ones are ignored by decoders
			h.Adobe = int(body[11])
		}
	}
}

// icc puts the profile together from its chunks, which may stand in any order
// (ICC.1, B.4: a number from 1, and how many there are).
func (p *parser) icc() {
	h := p.h
	if !h.has("ICC") {
		return
	}
	var chunks [256][]byte
	total, found, size, first := 0, 0, 0, 0
	for _, s := range h.Segments {
		if s.Kind != "ICC" {
			continue
		}
		b := p.data[s.Offset+4+len(sigICC) : s.Offset+s.Length]
		if found == 0 {
			first = s.Offset
		}
		if len(b) < 2 {
			p.warn(s.Offset, "ICC chunk without a number")
			return
		}
		i, n := int(b[0]), int(b[1])
		if total == 0 {
			total = n
		}
		switch {
		case i == 0 || i > n || n != total:
			p.warn(s.Offset, "ICC chunk with a number that does not fit the others")
			return
		case chunks[i] != nil:
			p.warn(s.Offset, "ICC chunk that is there twice")
			return
		}
		chunks[i] = b[2:]
		size += len(b) - 2
		found++
	}
	switch {
	case found < total:
		p.warn(first, "ICC profile with missing chunks")
	case total == 1:
		h.ICC = chunks[1]
	default:
		h.ICC = make([]byte, 0, size)
		for _, c := range chunks[1 : total+1] {
			h.ICC = append(h.ICC, c...)
		}
	}
}
