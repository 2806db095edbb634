/** How good the network is, told from the browser's statistics. */

/** As the badge shows it: high definition, reduced, speech only. */
export type Grade = "good" | "fair" | "poor";

/** What was measured; undefined where the browser has not said yet. */
export interface Quality {
  readonly grade: Grade;
  readonly round_trip_ms: number | undefined;
  /** Share of packets lost since the last look, 0 to 1; the worse of the two directions. */
  readonly lost: number;
}

/** Sums of one look at the statistics. */
export interface Sample {
  readonly round_trip_ms: number | undefined;
  readonly received: number;
  readonly receivedLost: number;
  /** As the other end reports it, 0 to 1. */
  readonly sentLost: number;
  /** Audio packets that left this page, without repetitions: one a frame. */
  readonly audioPacketsSent: number;
  /** Video packets that left this page; the browser counts frames even where the worker drops them. */
  readonly videoPacketsSent: number;
}

const GOOD = { round_trip_ms: 250, lost: 0.03 };
const FAIR = { round_trip_ms: 600, lost: 0.12 };

/** Reads what matters out of the statistics of all connections. */
export function sampleOf(stats: Iterable<Readonly<Record<string, unknown>>>): Sample {
  let [received, receivedLost, sentLost, audioPacketsSent, videoPacketsSent] = [0, 0, 0, 0, 0];
  let round_trip_ms: number | undefined;
  for (const each of stats) {
    switch (each["type"]) {
      case "candidate-pair":
        if (each["nominated"] === true && typeof each["currentRoundTripTime"] === "number") {
          round_trip_ms = Math.max(round_trip_ms ?? 0, each["currentRoundTripTime"] * 1000);
        }
        break;
      case "inbound-rtp":
        received += numberOf(each["packetsReceived"]);
        receivedLost += numberOf(each["packetsLost"]);
        break;
      case "remote-inbound-rtp":
        sentLost = Math.max(sentLost, numberOf(each["fractionLost"]));
        break;
      case "outbound-rtp":
        if (each["kind"] === "video") videoPacketsSent += numberOf(each["packetsSent"]);
        else audioPacketsSent += numberOf(each["packetsSent"]) - numberOf(each["retransmittedPacketsSent"]);
        break;
      default:
    }
  }
  return { round_trip_ms, received, receivedLost, sentLost, audioPacketsSent, videoPacketsSent };
}

/** Grades the time between two looks. */
export function qualityOf(before: Sample | undefined, now: Sample): Quality {
  const came = Math.max(0, now.received - (before?.received ?? 0));
  const missing = Math.max(0, now.receivedLost - (before?.receivedLost ?? 0));
  const lost = Math.max(now.sentLost, came + missing === 0 ? 0 : missing / (came + missing));
  const within = (limit: typeof GOOD): boolean =>
    lost <= limit.lost && (now.round_trip_ms ?? 0) <= limit.round_trip_ms;
  const grade = within(GOOD) ? "good" : within(FAIR) ? "fair" : "poor";
  return { grade, round_trip_ms: now.round_trip_ms, lost };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
