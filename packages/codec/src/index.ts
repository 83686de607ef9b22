export * from './address';
export * from './xml/text';
