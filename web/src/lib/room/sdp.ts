/** Session descriptions made discreet: what a listener on the wire could read from packet sizes and headers. */

const AUDIO_LEVEL = /^a=extmap:\d+(?:\/\w+)? urn:ietf:params:rtp-hdrext:ssrc-audio-level\b.*\r\n/gm;
const OPUS = /^a=rtpmap:(\d+) opus\/48000/im;
/** Constant rate and no pauses: sizes and gaps of packets would tell who speaks, and even what. */
const DISCREET_OPUS: Readonly<Record<string, string>> = { cbr: "1", usedtx: "0", stereo: "0" };

/** Takes the audio level (RFC 6464) out of an offer: it stands outside the encryption. */
export function withoutAudioLevel(sdp: string): string {
  return sdp.replace(AUDIO_LEVEL, "");
}

/**
 * Has our Opus encoder send at a constant rate without pauses (RFC 7587 §6.1), whatever the other end asked for:
 * what the remote description says is what the encoder does.
 */
export function withDiscreetOpus(sdp: string): string {
  const format = OPUS.exec(sdp)?.[1];
  if (format === undefined) return sdp;
  const line = new RegExp(`^a=fmtp:${format} (.*)\\r\\n`, "m");
  const asked = line.exec(sdp)?.[1] ?? "";
  const pairs = asked.split(";").map((pair) => pair.trim().split("=", 2));
  const kept = pairs.filter(([name = ""]) => name !== "" && !(name in DISCREET_OPUS));
  const parameters = [...kept, ...Object.entries(DISCREET_OPUS)].map((pair) => pair.join("=")).join(";");
  const told = `a=fmtp:${format} ${parameters}\r\n`;
  return line.test(sdp)
    ? sdp.replace(line, told)
    : sdp.replace(/^a=rtpmap:\d+ opus\/48000.*\r\n/im, `$&${told}`);
}
