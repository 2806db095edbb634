/** Camera and microphone of this machine: asked for, told apart by what is wrong, followed by ear. */

const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 24, max: 30 },
};
const AUDIO: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};
const METER_SAMPLES = 1024;
const METER_FLOOR_DB = -60;

/** Why a device can't be used. */
export type DeviceFault = "denied" | "missing" | "busy" | "insecure" | "other";

/** What there is to send; a missing camera does not keep the microphone from being used. */
export interface Capture {
  readonly stream: MediaStream | undefined;
  readonly faults: Readonly<Partial<Record<"audio" | "video", DeviceFault>>>;
}

/** Asks for camera and microphone; where the two can't be had together, for each alone. */
export async function capture(cameraId?: string, microphoneId?: string): Promise<Capture> {
  if (navigator.mediaDevices === undefined) {
    return { stream: undefined, faults: { audio: "insecure", video: "insecure" } };
  }
  const video = { ...VIDEO, ...chosen(cameraId) };
  const audio = { ...AUDIO, ...chosen(microphoneId) };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio, video }), faults: {} };
  } catch {
    const [sound, picture] = await Promise.all([attempt({ audio }), attempt({ video })]);
    const tracks = [sound, picture].flatMap((each) => (typeof each === "string" ? [] : each.getTracks()));
    const faults = {
      ...(typeof sound === "string" ? { audio: sound } : {}),
      ...(typeof picture === "string" ? { video: picture } : {}),
    };
    return { stream: tracks.length > 0 ? new MediaStream(tracks) : undefined, faults };
  }
}

function chosen(deviceId: string | undefined): MediaTrackConstraints {
  return deviceId === undefined || deviceId === "" ? {} : { deviceId: { exact: deviceId } };
}

async function attempt(constraints: MediaStreamConstraints): Promise<MediaStream | DeviceFault> {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    return faultOf(error instanceof Error ? error.name : "");
  }
}

/** Names the fault behind an error of `getUserMedia`. */
export function faultOf(errorName: string): DeviceFault {
  switch (errorName) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "other";
  }
}

/** Follows the loudness of a stream: 0 is silence, 1 as loud as it gets. Returns what ends it. */
export function follow(stream: MediaStream, told: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = METER_SAMPLES;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(METER_SAMPLES);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    told(levelOf(samples));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** Puts the effective loudness of samples (-1 to 1) on a scale from 0 to 1, even to the ear. */
export function levelOf(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const level_db = 10 * Math.log10(power);
  return Math.min(1, Math.max(0, 1 - level_db / METER_FLOOR_DB));
}

/** Keeps the screen on while a meeting is shown. Returns what ends it. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let isOver = false;
  const take = async (): Promise<void> => {
    if (document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock?.request("screen");
      if (isOver) await lock?.release();
    } catch {
      // A battery that runs low may refuse: the meeting goes on, the screen may dim.
    }
  };
  const again = (): void => void take();
  document.addEventListener("visibilitychange", again);
  again();
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", again);
    void lock?.release();
  };
}
