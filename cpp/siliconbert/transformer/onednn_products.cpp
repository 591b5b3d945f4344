namespace siliconbert {}
