/** A catalogue, turned into a module while building: message id → message. */
declare module "*.po" {
  export const messages: Readonly<Record<string, string>>;
}
