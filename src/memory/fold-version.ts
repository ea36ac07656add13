/**
 * Raise it when the fold of the same observations may come to another result, or keeps its
 * state otherwise: checkpoints of another version are not read. A test compares the files
 * that decide the fold with what they were at this version.
 */
export const foldVersion = 1;
