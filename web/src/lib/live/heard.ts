/** What the document says when the page's line has heard of something, for the parts that ask for themselves. */
export const HEARD = "live:heard";
